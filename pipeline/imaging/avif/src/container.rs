//! The boxes of an AVIF file (ISO/IEC 23008-12, ISO/IEC 14496-12), as far as finding the two pictures in it takes.

/// Where a file's pictures are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Items<'a> {
    /// The colours' AV1 data.
    pub color: &'a [u8],
    /// The alpha's AV1 data.
    pub alpha: Option<&'a [u8]>,
}

/// More items than any still picture has.
const MAX_ITEMS: usize = 64;

/// Reads big-endian numbers from the front of a slice; `None` where it ends.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn number(&mut self, bytes: usize) -> Option<u64> {
        (bytes <= 8).then_some(())?;
        let head = self.take(bytes)?;
        Some(head.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
    }

    /// The next box: its type and what it holds.
    fn next_box(&mut self) -> Option<(&'a [u8], Reader<'a>)> {
        let size = self.number(4)?;
        let kind = self.take(4)?;
        let body = match size {
            0 => self.0.len(),
            1 => usize::try_from(self.number(8)?.checked_sub(16)?).ok()?,
            size => usize::try_from(size.checked_sub(8)?).ok()?,
        };
        Some((kind, Reader(self.take(body)?)))
    }

    fn find(mut self, wanted: [u8; 4]) -> Option<Reader<'a>> {
        loop {
            let (kind, body) = self.next_box()?;
            if *kind == wanted {
                return Some(body);
            }
        }
    }
}

/// The pictures of `file`, or `None` where its structure is damaged or of another kind.
pub(crate) fn items(file: &[u8]) -> Option<Items<'_>> {
    let mut meta = Reader(file).find(*b"meta")?;
    meta.number(4)?;
    let (mut primary, mut places, mut alpha_of) = (None, Vec::new(), None);
    while !meta.0.is_empty() {
        let (kind, mut body) = meta.next_box()?;
        match kind {
            b"pitm" => {
                let version = body.number(4)? >> 24;
                primary = Some(body.number(if version == 0 { 2 } else { 4 })?);
            }
            b"iloc" => places = locations(body, file)?,
            b"iref" => alpha_of = auxiliary(body)?.first().copied(),
            _ => {}
        }
    }
    let primary = primary?;
    let place = |id: u64| {
        places
            .iter()
            .find(|(item, _)| *item == id)
            .map(|(_, data)| *data)
    };
    let alpha = match alpha_of {
        Some((alpha, color)) if color == primary => Some(place(alpha)?),
        _ => None,
    };
    Some(Items {
        color: place(primary)?,
        alpha,
    })
}

/// `iloc`: each item of one extent, with its bytes.
fn locations<'a>(mut body: Reader<'_>, file: &'a [u8]) -> Option<Vec<(u64, &'a [u8])>> {
    let version = body.number(4)? >> 24;
    let sizes = body.number(2)?;
    let nibble = |shift: u32| (sizes >> shift & 15) as usize;
    let wide = version == 2;
    let count = body.number(if wide { 4 } else { 2 })? as usize;
    (count <= MAX_ITEMS).then_some(())?;
    let mut found = Vec::new();
    for _ in 0..count {
        let id = body.number(if wide { 4 } else { 2 })?;
        let method = if version > 0 { body.number(2)? & 15 } else { 0 };
        body.number(2)?;
        let base = body.number(nibble(4))?;
        let extents = body.number(2)?;
        // Data inside the box itself or in pieces is nothing that this crate writes.
        (method == 0 && extents == 1).then_some(())?;
        if version > 0 {
            body.number(nibble(0))?;
        }
        let offset = body.number(nibble(12))?.checked_add(base)?;
        let length = body.number(nibble(8))?;
        let start = usize::try_from(offset).ok()?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        found.push((id, file.get(start..end)?));
    }
    Some(found)
}

/// `iref`: the items that are auxiliary to another, each with that other one.
fn auxiliary(mut body: Reader<'_>) -> Option<Vec<(u64, u64)>> {
    let id_bytes = if body.number(4)? >> 24 == 0 { 2 } else { 4 };
    let mut found = Vec::new();
    while !body.0.is_empty() {
        let (kind, mut reference) = body.next_box()?;
        if kind == b"auxl" {
            let from = reference.number(id_bytes)?;
            (reference.number(2)? == 1).then_some(())?;
            found.push((from, reference.number(id_bytes)?));
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_and_no_prefix_passes() {
        let file = avif_serialize::Aviffy::new().to_vec(b"colour", Some(b"alpha"), 4, 4, 8);
        assert_eq!(
            items(&file),
            Some(Items {
                color: b"colour",
                alpha: Some(b"alpha")
            })
        );
        for length in 0..file.len() {
            assert_eq!(items(&file[..length]), None, "{length}");
        }
    }

    #[test]
    fn without_alpha_there_is_none() {
        let file = avif_serialize::Aviffy::new().to_vec(b"colour", None, 4, 4, 8);
        assert_eq!(items(&file).unwrap().alpha, None);
    }
}
