//! The comparison of patches on a graphics card: what [`crate::patches::likeness`] does, as a compute kernel.

mod layout;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use xoay_format::{Localize, Text};

use self::layout::{brightness_bytes, jobs, photos, put_brightness};
use crate::observation::Observation;
use crate::patches::{Likeness, Luma, STEPS, Task};
use crate::rig::Camera;

/// Vertices that are compared at once: bounds memory, and what one submission takes.
const BATCH: usize = 16_384;
/// Invocations along x; more go on along y.
const ACROSS: u32 = 64 * 1024;
/// The shader's workgroup.
const GROUP: u32 = 64;
/// How long one batch may take. Software adapters need seconds.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Bytes of what a job gives at one depth.
const ANSWER_BYTES: usize = 8;

/// Why a graphics card does not do the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// There is none that computes.
    NoAdapter,
    /// The photos need more memory in one piece than it gives.
    TooLarge { needed_bytes: u64, limit_bytes: u64 },
    /// It failed on the way.
    Failed { message: String },
}

impl Obstacle {
    fn failed(error: &impl ToString) -> Self {
        Self::Failed {
            message: error.to_string(),
        }
    }
}

impl Localize for Obstacle {
    fn text(&self) -> Text {
        let whole_mb = |bytes: &u64| bytes.div_ceil(1_000_000);
        let (vi, en) = match self {
            Self::NoAdapter => (
                "không tìm thấy card đồ họa nào tính toán được".to_owned(),
                "no graphics adapter that computes was found".to_owned(),
            ),
            Self::TooLarge {
                needed_bytes,
                limit_bytes,
            } => {
                let (needed, limit) = (whole_mb(needed_bytes), limit_bytes / 1_000_000);
                (
                    format!("ảnh cần {needed} MB liền nhau, card đồ họa chỉ cho {limit} MB"),
                    format!(
                        "the photos need {needed} MB in one piece, the graphics adapter gives {limit} MB"
                    ),
                )
            }
            Self::Failed { message } => (
                format!("card đồ họa gặp lỗi ({message})"),
                format!("the graphics adapter failed ({message})"),
            ),
        };
        Text::new(
            format!("{vi}; bộ xử lý làm thay, kết quả như nhau nhưng lâu hơn"),
            format!("{en}; the processor does its work, with the same result later"),
        )
    }
}

/// A graphics card that holds a capture's photos.
pub(crate) struct Graphics {
    device: wgpu::Device,
    queue: wgpu::Queue,
    pipeline: wgpu::ComputePipeline,
    photos: wgpu::Buffer,
    brightness: wgpu::Buffer,
    failure: Failure,
}

/// The first error that a device told of.
#[derive(Clone, Default)]
struct Failure(Arc<Mutex<Option<String>>>);

impl Failure {
    fn note(&self, message: String) {
        if let Ok(mut first) = self.0.lock() {
            first.get_or_insert(message);
        }
    }

    fn check(&self) -> Result<(), Obstacle> {
        match self.0.lock().map(|first| first.clone()) {
            Ok(None) => Ok(()),
            Ok(Some(message)) => Err(Obstacle::Failed { message }),
            Err(error) => Err(Obstacle::failed(&error)),
        }
    }
}

impl Graphics {
    /// Opens the first adapter and gives it the photos. No more than `most_bytes` are taken in one piece.
    pub fn new(
        views: &[(Camera, &Observation)],
        lumas: &[Luma<'_>],
        most_bytes: u64,
    ) -> Result<Self, Obstacle> {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        // GL's compute shaders begin where most of its drivers end, and asking for GL starts EGL.
        descriptor.backends = wgpu::Backends::VULKAN;
        let instance = wgpu::Instance::new(descriptor);
        let wanted = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..wgpu::RequestAdapterOptions::default()
        };
        let adapter = pollster::block_on(instance.request_adapter(&wanted))
            .map_err(|_| Obstacle::NoAdapter)?;
        let own = adapter.limits();
        let limit_bytes = own
            .max_storage_buffer_binding_size
            .min(own.max_buffer_size)
            .min(most_bytes);
        let needed_bytes = brightness_bytes(lumas);
        if needed_bytes > limit_bytes {
            return Err(Obstacle::TooLarge {
                needed_bytes,
                limit_bytes,
            });
        }
        let required_limits = wgpu::Limits {
            max_storage_buffer_binding_size: own.max_storage_buffer_binding_size,
            max_buffer_size: own.max_buffer_size,
            ..wgpu::Limits::downlevel_defaults()
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("xoay reconstruct"),
            required_limits,
            ..wgpu::DeviceDescriptor::default()
        }))
        .map_err(|error| Obstacle::failed(&error))?;
        let failure = Failure::default();
        let note = failure.clone();
        // Without a handler wgpu panics on errors.
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            note.note(error.to_string());
        }));
        let note = failure.clone();
        device.set_device_lost_callback(move |reason, message| {
            note.note(format!("{reason:?}: {message}"));
        });
        let module = device.create_shader_module(wgpu::include_wgsl!("likeness.wgsl"));
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some("likeness"),
            layout: None,
            module: &module,
            entry_point: Some("compare"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        let cameras = photos(views, lumas);
        let graphics = Self {
            photos: filled(&device, cameras.len() as u64, |view| {
                view.copy_from_slice(&cameras);
            })?,
            brightness: filled(&device, needed_bytes, |view| put_brightness(lumas, view))?,
            device,
            queue,
            pipeline,
            failure,
        };
        graphics.failure.check()?;
        Ok(graphics)
    }

    /// The likeness of each task.
    pub fn likeness(&self, tasks: &[&Task], best: usize) -> Result<Vec<Likeness>, Obstacle> {
        let mut all = Vec::with_capacity(tasks.len());
        for batch in tasks.chunks(BATCH) {
            self.failure.check()?;
            all.extend(self.batch(batch, best)?);
        }
        Ok(all)
    }

    fn batch(&self, tasks: &[&Task], best: usize) -> Result<Vec<Likeness>, Obstacle> {
        let count = tasks.len() * STEPS;
        let size = (count * ANSWER_BYTES) as u64;
        let buffer = |size, usage| {
            self.device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size,
                usage,
                mapped_at_creation: false,
            })
        };
        let settings: Vec<u8> = [tasks.len() as u32, best as u32, STEPS as u32, ACROSS]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let uniform = buffer(
            settings.len() as u64,
            wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        );
        self.queue.write_buffer(&uniform, 0, &settings);
        let asked = jobs(tasks);
        let asked = filled(&self.device, asked.len() as u64, |view| {
            view.copy_from_slice(&asked);
        })?;
        let out = buffer(
            size,
            wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
        );
        let back = buffer(
            size,
            wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        );
        let bound = [&uniform, &self.photos, &self.brightness, &asked, &out];
        let entries: Vec<wgpu::BindGroupEntry<'_>> = bound
            .iter()
            .enumerate()
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding: binding as u32,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        let mut encoder = self
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor { label: None });
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, &group, &[]);
            pass.dispatch_workgroups(ACROSS / GROUP, (count as u32).div_ceil(ACROSS), 1);
        }
        encoder.copy_buffer_to_buffer(&out, 0, &back, 0, size);
        self.queue.submit([encoder.finish()]);
        let note = self.failure.clone();
        back.map_async(wgpu::MapMode::Read, .., move |mapped| {
            if let Err(error) = mapped {
                note.note(error.to_string());
            }
        });
        self.device
            .poll(wgpu::PollType::Wait {
                submission_index: None,
                timeout: Some(TIMEOUT),
            })
            .map_err(|error| Obstacle::failed(&error))?;
        self.failure.check()?;
        let mapped = back
            .get_mapped_range(..)
            .map_err(|error| Obstacle::failed(&error))?;
        let number = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        let answers = mapped.chunks_exact(STEPS * ANSWER_BYTES).map(|one| {
            let answer = |k: usize| &one[k * ANSWER_BYTES..(k + 1) * ANSWER_BYTES];
            Likeness {
                costs: std::array::from_fn(|k| number(answer(k))),
                strongest: (0..STEPS).fold(0.0, |most, k| most.max(number(&answer(k)[4..]))),
            }
        });
        Ok(answers.collect())
    }
}

/// A buffer for the shader to read, of `size` bytes that `fill` writes.
fn filled(
    device: &wgpu::Device,
    size: u64,
    fill: impl FnOnce(&mut wgpu::BufferViewMut),
) -> Result<wgpu::Buffer, Obstacle> {
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size,
        usage: wgpu::BufferUsages::STORAGE,
        mapped_at_creation: true,
    });
    {
        let mut view = buffer
            .get_mapped_range_mut(..)
            .map_err(|error| Obstacle::failed(&error))?;
        fill(&mut view);
    }
    buffer.unmap();
    Ok(buffer)
}

#[cfg(test)]
mod tests;
