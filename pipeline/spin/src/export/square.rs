use xoay_imaging::{Channels, ImagingError, Raster};

/// `picture` in the middle of a square of its longer side; the rest is `background`, or transparent where the picture
/// has alpha.
pub(super) fn squared(picture: &Raster, background: [u8; 3]) -> Result<Raster, ImagingError> {
    let (width, height) = (picture.width(), picture.height());
    let side = width.max(height);
    let filling = match picture.channels() {
        Channels::Rgb => background.to_vec(),
        Channels::Rgba => vec![0; 4],
    };
    let stride = side as usize * filling.len();
    let mut pixels = filling.repeat(side as usize * side as usize);
    let (left, top) = ((side - width) / 2, (side - height) / 2);
    let rows = picture
        .pixels()
        .chunks_exact(width as usize * filling.len());
    for (y, row) in rows.enumerate() {
        let start = (top as usize + y) * stride + left as usize * filling.len();
        pixels[start..start + row.len()].copy_from_slice(row);
    }
    Raster::new(side, side, picture.channels(), pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_stands_in_the_middle() {
        let wide = Raster::new(3, 1, Channels::Rgb, vec![9; 9]).unwrap();
        let square = squared(&wide, [1, 2, 3]).unwrap();
        assert_eq!((square.width(), square.height()), (3, 3));
        assert_eq!(square.row(0).unwrap(), [1, 2, 3].repeat(3));
        assert_eq!(square.row(1).unwrap(), [9; 9]);
        let tall = Raster::new(1, 2, Channels::Rgba, vec![7; 8]).unwrap();
        let square = squared(&tall, [1, 2, 3]).unwrap();
        assert_eq!(
            square.pixels(),
            [7, 7, 7, 7, 0, 0, 0, 0, 7, 7, 7, 7, 0, 0, 0, 0]
        );
    }
}
