//! The adapter, and bounded waits for it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::RenderError;

/// How long one picture may take. Software renderers need seconds for large models.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A device ready to draw.
pub(crate) struct Gpu {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    /// The first error since it was last asked for.
    failure: Arc<Mutex<Option<String>>>,
}

fn adapter(backends: wgpu::Backends) -> Option<wgpu::Adapter> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = backends;
    let instance = wgpu::Instance::new(descriptor);
    pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default())).ok()
}

impl Gpu {
    pub fn new() -> Result<Self, RenderError> {
        // Vulkan first and alone: asking for GL starts EGL, which takes its time and complains without a desktop.
        let adapter = adapter(wgpu::Backends::VULKAN)
            .or_else(|| adapter(wgpu::Backends::GL))
            .ok_or(RenderError::NoAdapter)?;
        // What every WebGL2-class adapter has, and the largest textures of this one.
        let required_limits = wgpu::Limits::downlevel_defaults().using_resolution(adapter.limits());
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("xoay"),
            required_limits,
            ..wgpu::DeviceDescriptor::default()
        }))
        .map_err(|error| RenderError::Device {
            message: error.to_string(),
        })?;
        let failure = Arc::new(Mutex::new(None));
        let note = Arc::clone(&failure);
        // Without a handler wgpu panics on errors.
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            if let Ok(mut failure) = note.lock() {
                failure.get_or_insert_with(|| error.to_string());
            }
        }));
        Ok(Self {
            device,
            queue,
            failure,
        })
    }

    /// The first error since the last call.
    pub fn check(&self) -> Result<(), RenderError> {
        match self
            .failure
            .lock()
            .ok()
            .and_then(|mut failure| failure.take())
        {
            Some(message) => Err(RenderError::Device { message }),
            None => Ok(()),
        }
    }

    /// Waits for everything submitted so far.
    pub fn wait(&self) -> Result<(), RenderError> {
        self.device
            .poll(wgpu::PollType::Wait {
                submission_index: None,
                timeout: Some(TIMEOUT),
            })
            .map(|_| ())
            .map_err(|error| match error {
                wgpu::PollError::Timeout => RenderError::Timeout {
                    timeout_s: TIMEOUT.as_secs(),
                },
                other @ wgpu::PollError::WrongSubmissionIndex(..) => RenderError::Device {
                    message: other.to_string(),
                },
            })
    }
}
