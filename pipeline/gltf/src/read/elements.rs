//! Accessors: from views, strides and sparse elements to packed arrays.

use super::Reader;
use crate::json::{RawAccessor, Sparse};
use crate::{Accessor, Component, GltfError, Shape};

impl Reader<'_> {
    /// The accessor that `raw` describes, decoded.
    pub(super) fn accessor(
        &mut self,
        place: &str,
        raw: &RawAccessor,
    ) -> Result<Accessor, GltfError> {
        let component = Component::from_code(raw.component_type).ok_or_else(|| {
            GltfError::invalid(
                place,
                format!("componentType {} không tồn tại", raw.component_type),
                format!("there is no componentType {}", raw.component_type),
            )
        })?;
        let shape = Shape::from_name(&raw.r#type).ok_or_else(|| {
            GltfError::invalid(
                place,
                format!("kiểu {:?} không tồn tại", raw.r#type),
                format!("there is no type {:?}", raw.r#type),
            )
        })?;
        let size = shape.size_bytes(component);
        let total = raw.count.saturating_mul(size as u64);
        let mut bytes = if let Some(view) = raw.buffer_view {
            let range = strided_range(
                place,
                raw,
                size,
                self.view_stride(view),
                self.view(place, view)?.len(),
            )?;
            self.charge(place, total)?;
            gather(
                &self.view(place, view)?[range.start..],
                raw.count as usize,
                size,
                range.stride,
            )
        } else {
            self.charge(place, total)?;
            vec![0; total as usize]
        };
        if let Some(sparse) = &raw.sparse {
            self.apply_sparse(place, &mut bytes, size, raw.count, sparse)?;
        }
        let mut accessor = Accessor::new(component, shape, raw.normalized, bytes)
            .ok_or_else(|| GltfError::invalid(place, "độ dài sai", "its length is wrong"))?;
        accessor.name.clone_from(&raw.name);
        accessor.bounded = !raw.min.is_empty() || !raw.max.is_empty();
        accessor.extensions.clone_from(&raw.extensions);
        accessor.extra.clone_from(&raw.extra);
        Ok(accessor)
    }

    fn apply_sparse(
        &self,
        place: &str,
        bytes: &mut [u8],
        size: usize,
        count: u64,
        sparse: &Sparse,
    ) -> Result<(), GltfError> {
        let broken = || {
            GltfError::invalid(
                format!("{place}.sparse"),
                "phần tử thưa nằm ngoài dữ liệu hoặc sai kiểu; hãy xuất lại mô hình",
                "sparse elements lie outside the data or have a wrong type; export the model again",
            )
        };
        if sparse.count > count {
            return Err(broken());
        }
        let component = Component::from_code(sparse.indices.component_type)
            .filter(|component| {
                matches!(component, Component::U8 | Component::U16 | Component::U32)
            })
            .ok_or_else(broken)?;
        let cut = |view: usize, offset: u64, size: usize| -> Result<&[u8], GltfError> {
            let length = sparse.count.checked_mul(size as u64).ok_or_else(broken)?;
            let end = offset.checked_add(length).ok_or_else(broken)?;
            self.view(place, view)?
                .get(offset as usize..end as usize)
                .ok_or_else(broken)
        };
        let indices = cut(
            sparse.indices.buffer_view,
            sparse.indices.byte_offset,
            component.size_bytes(),
        )?;
        let values = cut(sparse.values.buffer_view, sparse.values.byte_offset, size)?;
        let indices =
            Accessor::new(component, Shape::Scalar, false, indices.to_vec()).ok_or_else(broken)?;
        for (index, value) in indices.to_u32().into_iter().zip(values.chunks_exact(size)) {
            let start = index as usize * size;
            bytes
                .get_mut(start..start + size)
                .ok_or_else(broken)?
                .copy_from_slice(value);
        }
        Ok(())
    }

    fn view_stride(&self, view: usize) -> Option<u64> {
        self.strides.get(view).copied().flatten()
    }
}

struct Range {
    start: usize,
    stride: usize,
}

/// Where an accessor's elements lie in a view of `length` bytes, all of them inside.
fn strided_range(
    place: &str,
    raw: &RawAccessor,
    size: usize,
    stride: Option<u64>,
    length: usize,
) -> Result<Range, GltfError> {
    let stride = stride.unwrap_or(size as u64);
    if stride < size as u64 || stride > 252.max(size as u64) {
        return Err(GltfError::invalid(
            place,
            format!("bước {stride} byte không hợp với phần tử {size} byte"),
            format!("a stride of {stride} bytes does not fit elements of {size} bytes"),
        ));
    }
    let needed = match raw.count.checked_sub(1) {
        Some(last) => last
            .checked_mul(stride)
            .and_then(|n| n.checked_add(size as u64)),
        None => Some(0),
    };
    let end = needed.and_then(|needed| needed.checked_add(raw.byte_offset));
    if end.is_none_or(|end| end > length as u64) {
        return Err(GltfError::invalid(
            place,
            format!("{} phần tử vượt quá dữ liệu dài {length} byte", raw.count),
            format!(
                "{} elements reach past the view's {length} bytes",
                raw.count
            ),
        ));
    }
    Ok(Range {
        start: raw.byte_offset as usize,
        stride: stride as usize,
    })
}

fn gather(bytes: &[u8], count: usize, size: usize, stride: usize) -> Vec<u8> {
    if stride == size {
        return bytes[..count * size].to_vec();
    }
    let mut packed = Vec::with_capacity(count * size);
    for index in 0..count {
        packed.extend_from_slice(&bytes[index * stride..index * stride + size]);
    }
    packed
}
