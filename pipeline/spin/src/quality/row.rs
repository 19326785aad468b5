use super::measures::PhotoMeasures;

/// The photos of one row in the order in which they lie, and those of them that a detector looks at.
pub(super) struct Row<'a> {
    pub names: Vec<&'a str>,
    pub measures: Vec<&'a PhotoMeasures>,
    /// Places of the photos in the order of the turn; copies and foreign photos are not among them.
    pub order: Vec<usize>,
}

impl<'a> Row<'a> {
    /// The names of the photos at `places`.
    pub(super) fn names_of(&self, places: impl IntoIterator<Item = usize>) -> Vec<String> {
        places
            .into_iter()
            .map(|place| self.names[place].to_owned())
            .collect()
    }

    /// The photos in the order of the turn.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (&'a str, &'a PhotoMeasures)> + '_ {
        self.order
            .iter()
            .map(|&place| (self.names[place], self.measures[place]))
    }

    /// Whether the names number the photos one by one, but for a few: only then does a number left out tell anything.
    pub(super) fn counts_one_by_one(&self) -> bool {
        let neighbours = self.order.windows(2);
        let gaps = neighbours.filter(|pair| self.numbers_skipped(pair[0], pair[1]) > 0);
        gaps.count() * 8 <= self.order.len()
    }

    /// How many numbers the names leave out between the photos at two places: 1 from `DSC7.jpg` to `DSC9.jpg` where there
    /// is no `DSC8.jpg`, 0 where they do not count up in the same way.
    pub(super) fn numbers_skipped(&self, before: usize, after: usize) -> u32 {
        let (Some((stem_a, a)), Some((stem_b, b))) = (
            last_number(self.names[before]),
            last_number(self.names[after]),
        ) else {
            return 0;
        };
        match b.checked_sub(a) {
            Some(step) if stem_a == stem_b && step > 1 => {
                // A photo that was left out as a duplicate has its number, too.
                let taken = self.names.iter().filter(|name| {
                    last_number(name).is_some_and(|(stem, number)| {
                        stem == stem_a && (a + 1..b).contains(&number)
                    })
                });
                u32::try_from(step - 1)
                    .unwrap_or(u32::MAX)
                    .saturating_sub(taken.count() as u32)
            }
            _ => 0,
        }
    }
}

/// A name's last number, and what stands before it.
fn last_number(name: &str) -> Option<(&str, u64)> {
    let end = name.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = name[..end]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| {
            at + name[at..].chars().next().map_or(1, char::len_utf8)
        });
    Some((&name[..start], name[start..end].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_count_tell_what_is_left_out() {
        assert_eq!(last_number("ảnh/DSC02101.jpg"), Some(("ảnh/DSC", 2101)));
        assert_eq!(last_number("góc 15°.jpg"), Some(("góc ", 15)));
        assert_eq!(last_number("a.png"), None);
        assert_eq!(last_number("99999999999999999999999.jpg"), None);
        let row = Row {
            names: vec!["a7.jpg", "a9.jpg", "b10.jpg"],
            measures: Vec::new(),
            order: Vec::new(),
        };
        assert_eq!(row.numbers_skipped(0, 1), 1);
        assert_eq!(row.numbers_skipped(1, 0), 0);
        assert_eq!(row.numbers_skipped(1, 2), 0);
        let row = Row {
            names: vec!["a7.jpg", "a8.jpg", "a9.jpg"],
            ..row
        };
        assert_eq!(row.numbers_skipped(0, 2), 0, "7 and 9 with 8 left out");
        let every_third = Row {
            names: vec!["a1", "a4", "a7", "a10", "a13", "a16", "a19", "a22"],
            measures: Vec::new(),
            order: (0..8).collect(),
        };
        assert!(!every_third.counts_one_by_one());
    }
}
