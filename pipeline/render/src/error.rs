use xoay_format::{Localize, Text};
use xoay_gltf::GltfError;

/// Why a picture could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// There is nothing that could draw: no graphics card and no software renderer.
    #[error(
        "no graphics adapter was found; install a Vulkan driver (on Debian and Ubuntu: apt-get install mesa-vulkan-drivers)"
    )]
    NoAdapter,
    /// The adapter refused or failed.
    #[error("the graphics adapter failed: {message}; try again, or update its driver")]
    Device {
        /// What it said.
        message: String,
    },
    /// The adapter did not finish in time.
    #[error(
        "the picture was not drawn within {timeout_s} s; try a smaller one, or a simpler model"
    )]
    Timeout {
        /// How long was waited, seconds.
        timeout_s: u64,
    },
    /// The picture's size is out of range.
    #[error(
        "a picture of {width} × {height} cannot be drawn; expected 1 to {max_side} pixels a side"
    )]
    Size {
        /// Asked width, pixels.
        width: u32,
        /// Asked height, pixels.
        height: u32,
        /// Greatest side, pixels.
        max_side: u32,
    },
    /// The view's angles are out of range.
    #[error("the view is not possible: {name} is {value}; expected {expected}")]
    View {
        /// Which value.
        name: &'static str,
        /// What it is.
        value: f32,
        /// What it may be.
        expected: &'static str,
    },
    /// The model shows nothing: no triangle in its default scene.
    #[error("the model shows nothing: its default scene has no triangles")]
    Empty,
    /// The model needs too much memory to draw.
    #[error(
        "drawing the model needs {needed_bytes} bytes, over the limit of {limit_bytes}; optimise the model first"
    )]
    TooLarge {
        /// What it needs.
        needed_bytes: u64,
        /// What is allowed.
        limit_bytes: u64,
    },
    /// A texture could not be read.
    #[error(transparent)]
    Model(#[from] GltfError),
}

impl Localize for RenderError {
    fn text(&self) -> Text {
        let vi = match self {
            Self::NoAdapter => "không tìm thấy thiết bị đồ hoạ; hãy cài trình điều khiển Vulkan (trên Debian và Ubuntu: apt-get install mesa-vulkan-drivers)".to_owned(),
            Self::Device { message } => {
                format!("thiết bị đồ hoạ gặp lỗi: {message}; hãy thử lại hoặc cập nhật trình điều khiển")
            }
            Self::Timeout { timeout_s } => {
                format!("không vẽ xong trong {timeout_s} giây; hãy thử ảnh nhỏ hơn hoặc mô hình đơn giản hơn")
            }
            Self::Size { width, height, max_side } => {
                format!("không vẽ được ảnh {width} × {height}; mỗi cạnh phải từ 1 đến {max_side} điểm ảnh")
            }
            Self::View { name, value, expected } => {
                format!("góc nhìn không hợp lệ: {name} là {value}; cần {expected}")
            }
            Self::Empty => "mô hình không hiện gì: cảnh mặc định không có tam giác nào".to_owned(),
            Self::TooLarge { needed_bytes, limit_bytes } => format!(
                "vẽ mô hình cần {needed_bytes} byte, vượt giới hạn {limit_bytes}; hãy tối ưu mô hình trước"
            ),
            Self::Model(error) => error.text().vi,
        };
        Text::new(vi, self.to_string())
    }
}
