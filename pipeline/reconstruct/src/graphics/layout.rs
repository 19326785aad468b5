//! Photos and jobs as the shader reads them: the structures of `likeness.wgsl`, byte by byte.

use crate::observation::Observation;
use crate::patches::{Luma, Task};
use crate::rig::Camera;

/// Photos that a vertex' straightest is compared with, at most.
const MOST_OTHERS: usize = 6;
/// Bytes of a photo and of a job.
const PHOTO_BYTES: usize = 96;
const JOB_BYTES: usize = 96;

fn put(out: &mut Vec<u8>, values: &[f64]) {
    out.extend(values.iter().flat_map(|v| (*v as f32).to_le_bytes()));
}

fn put_whole(out: &mut Vec<u8>, values: &[usize]) {
    out.extend(values.iter().flat_map(|v| (*v as u32).to_le_bytes()));
}

/// Each photo's values begin with a word.
fn padded(luma: &Luma<'_>) -> usize {
    luma.values.len().next_multiple_of(2)
}

/// Bytes that the brightness of all photos takes.
pub(super) fn brightness_bytes(lumas: &[Luma<'_>]) -> u64 {
    let values: usize = lumas.iter().map(padded).sum();
    // A buffer has one word at least.
    (values as u64 * 2).max(4)
}

/// Writes it: two values to a word, 0 to 255 as 0 to 65535.
pub(super) fn put_brightness(lumas: &[Luma<'_>], view: &mut wgpu::BufferViewMut) {
    let mut first = 0;
    for luma in lumas {
        let mut bytes: Vec<u8> = luma
            .values
            .iter()
            .flat_map(|value| ((value * 257.0).round() as u16).to_le_bytes())
            .collect();
        bytes.resize(padded(luma) * 2, 0);
        view.slice(first..first + bytes.len())
            .copy_from_slice(&bytes);
        first += bytes.len();
    }
}

/// The cameras, and where the brightness of each photo lies.
pub(super) fn photos(views: &[(Camera, &Observation)], lumas: &[Luma<'_>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(views.len().max(1) * PHOTO_BYTES);
    let mut first = 0;
    for ((camera, _), luma) in views.iter().zip(lumas) {
        for (row, added) in camera.camera_from_table.iter().zip(camera.translation) {
            put(&mut out, &[row[0], row[1], row[2], added]);
        }
        let lens = &camera.intrinsics;
        let ([fx, fy], centre) = (lens.focal_px, lens.centre);
        put(&mut out, &[fx, fy, centre.x, centre.y]);
        let window = luma.window;
        put_whole(
            &mut out,
            &[window.left, window.top, window.width, window.height],
        );
        put_whole(&mut out, &[first]);
        put(&mut out, &[lens.k1]);
        put_whole(&mut out, &[0, 0]);
        first += padded(luma);
    }
    out.resize(out.len().max(PHOTO_BYTES), 0);
    out
}

/// What is to be compared.
pub(super) fn jobs(tasks: &[&Task]) -> Vec<u8> {
    let mut out = Vec::with_capacity(tasks.len() * JOB_BYTES);
    for task in tasks {
        for [x, y, z] in [task.start, task.stride, task.axes[0], task.axes[1]] {
            put(&mut out, &[x, y, z, 0.0]);
        }
        let count = task.others.len().min(MOST_OTHERS);
        put_whole(&mut out, &[task.first, count]);
        let mut others = [0; MOST_OTHERS];
        others[..count].copy_from_slice(&task.others[..count]);
        put_whole(&mut out, &others);
    }
    out
}
