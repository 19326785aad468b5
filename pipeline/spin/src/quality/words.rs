//! What the report says of the turn: copies, gaps, order, direction, photos that do not belong.

use xoay_format::Text;

use super::direction::CLEARLY;
use super::duplicates::{Duplicate, SAME_STEP};
use super::finding::{Finding, FindingKind, Severity, Unit};
use super::likeness::APART;
use super::order::{LEAST_GAIN, Move, MoveKind};
use super::row::Row;
use super::steps::Gap;

pub(super) fn duplicate(row: &Row<'_>, pair: &Duplicate) -> Finding {
    let names = row.names_of([pair.dropped, pair.kept]);
    let (dropped, kept) = (names[0].clone(), names[1].clone());
    let (value, least) = (100.0 * pair.difference, 100.0 * SAME_STEP);
    let message = if pair.difference > 0.0 {
        Text::new(
            format!(
                "{dropped} và {kept} chụp cùng một bước: chỉ khác nhau {value:.0}% của một bước, ngưỡng {least:.0}%; bỏ {dropped}"
            ),
            format!(
                "{dropped} and {kept} show the same step: they differ by {value:.0}% of a step, {least:.0}% is the limit; {dropped} is left out"
            ),
        )
    } else {
        Text::new(
            format!(
                "{dropped} là bản sao của {kept} (khác nhau 0%, ngưỡng {least:.0}%); bỏ {dropped}"
            ),
            format!(
                "{dropped} is a copy of {kept} (they differ by 0%, {least:.0}% is the limit); {dropped} is left out"
            ),
        )
    };
    Finding {
        repaired: true,
        ..Finding::of_all(FindingKind::Duplicate, Severity::Warning, names, value, least, Unit::Percent)
    }
    .saying(
        message,
        Text::new(
            "không cần chụp lại: ảnh thừa đã được bỏ; hãy xóa nó khỏi thư mục nếu chắc chắn",
            "nothing to take again: the extra photo is left out; delete it from the folder when you are sure",
        ),
    )
}

pub(super) fn missing(before: String, after: String, gap: &Gap) -> Finding {
    let least = 1.5;
    let steps = f64::from(gap.missing) + 1.0;
    let message = Text::new(
        format!(
            "thiếu {} bước giữa {before} và {after}: khoảng cách bằng {steps:.0} bước (ảnh khác nhau gấp {:.2} lần các bước bên cạnh), ngưỡng {least} bước",
            gap.missing, gap.width_steps
        ),
        format!(
            "{} step(s) missing between {before} and {after}: the gap is {steps:.0} steps wide (the photos differ {:.2} times as much as those beside them), {least} is the limit",
            gap.missing, gap.width_steps
        ),
    );
    let photos = vec![before, after];
    Finding::of_all(FindingKind::MissingStep, Severity::Severe, photos, steps, least, Unit::Steps).saying(
        message,
        Text::new(
            "chụp bổ sung bước này với cùng cài đặt và đặt tên để nó đứng giữa hai ảnh; nếu không, các ảnh còn lại vẫn giữ đúng góc của mình",
            "take that step with the same settings and name it to stand between the two; else the other photos keep their true angles",
        ),
    )
}

pub(super) fn moved(row: &Row<'_>, change: &Move, neighbours: &[String]) -> Finding {
    let photos = row.names_of(change.places.iter().copied());
    let gain = change.gain;
    let list = photos.join(", ");
    let (kind, message) = match change.kind {
        MoveKind::Swap => (
            FindingKind::SwappedNeighbours,
            Text::new(
                format!(
                    "{} và {} bị đổi chỗ: đổi lại thì khớp với ảnh bên cạnh gấp {gain:.2} lần, ngưỡng {LEAST_GAIN}",
                    photos[0], photos[1]
                ),
                format!(
                    "{} and {} stand in each other's place: exchanged they fit their neighbours {gain:.2} times better, {LEAST_GAIN} is the limit",
                    photos[0], photos[1]
                ),
            ),
        ),
        MoveKind::Relocate => (
            FindingKind::SwappedNeighbours,
            Text::new(
                format!(
                    "{list} nằm sai chỗ: khớp gấp {gain:.2} lần khi đứng giữa {}, ngưỡng {LEAST_GAIN}",
                    neighbours.join(" và ")
                ),
                format!(
                    "{list} is out of place: it fits {gain:.2} times better between {}, {LEAST_GAIN} is the limit",
                    neighbours.join(" and ")
                ),
            ),
        ),
        MoveKind::Turn => (
            FindingKind::WrongDirection,
            Text::new(
                format!(
                    "{} ảnh từ {} đến {} chạy ngược chiều: đảo lại thì khớp gấp {gain:.2} lần, ngưỡng {LEAST_GAIN}",
                    photos.len(),
                    photos[0],
                    photos[photos.len() - 1]
                ),
                format!(
                    "the {} photos from {} to {} run backwards: turned round they fit {gain:.2} times better, {LEAST_GAIN} is the limit",
                    photos.len(),
                    photos[0],
                    photos[photos.len() - 1]
                ),
            ),
        ),
    };
    Finding::of_all(
        kind,
        Severity::Severe,
        photos,
        gain,
        LEAST_GAIN,
        Unit::Times,
    )
    .saying(message, reorder())
}

fn reorder() -> Text {
    Text::new(
        "đổi tên tệp cho đúng thứ tự quay, hoặc chạy với --repair để sắp xếp lại",
        "rename the files into the order of the turn, or run with --repair to have them put in order",
    )
}

/// A row that turns against the others. `number` counts from 1.
pub(super) fn row_turned(row: &Row<'_>, number: usize, better: f64) -> Finding {
    let photos = row.names_of(row.order.iter().copied());
    let message = Text::new(
        format!(
            "hàng {number} quay ngược chiều các hàng khác: đảo lại thì khớp gấp {better:.2} lần, ngưỡng {CLEARLY}"
        ),
        format!(
            "row {number} turns against the others: turned round it fits them {better:.2} times better, {CLEARLY} is the limit"
        ),
    );
    Finding::of_all(FindingKind::WrongDirection, Severity::Severe, photos, better, CLEARLY, Unit::Times).saying(
        message,
        Text::new(
            "chụp mọi hàng theo cùng một chiều quay, hoặc chạy với --repair để đảo hàng này",
            "take every row in the same direction, or run with --repair to have this row turned round",
        ),
    )
}

pub(super) fn foreign(row: &Row<'_>, places: &[usize], apart: f64) -> Finding {
    let photos = row.names_of(places.iter().copied());
    let finding = Finding::of_all(
        FindingKind::MixedProducts,
        Severity::Severe,
        photos,
        apart,
        APART,
        Unit::Times,
    );
    let names = finding.names();
    let message = Text::new(
        format!(
            "{} cho thấy sản phẩm khác, hoặc máy ảnh, đèn đã bị đổi chỗ: khác các ảnh còn lại gấp {apart:.1} lần mức thường, ngưỡng {APART}",
            names.vi
        ),
        format!(
            "{}: another product, or camera or lamps were moved: {apart:.1} times as far from the other photos as they are from each other, {APART} is the limit",
            names.en
        ),
    );
    finding.saying(
        message,
        Text::new(
            "chuyển các ảnh này sang thư mục riêng, mỗi thư mục một sản phẩm; nếu máy bị xê dịch, chụp lại cả vòng",
            "move these photos to a folder of their own, one product a folder; where the camera was moved, take the whole turn again",
        ),
    )
}

pub(super) fn identical(row: &Row<'_>, severity: Severity, value: f64, least: f64) -> Finding {
    let photos = row.names_of(0..row.names.len());
    let count = photos.len();
    let message = Text::new(
        format!(
            "cả {count} ảnh giống hệt nhau: khác nhau {value:.2}%, cần ít nhất {least:.2}%; bàn không quay, hoặc sản phẩm nhìn mọi phía như nhau"
        ),
        format!(
            "all {count} photos look the same: they differ by {value:.2}%, {least:.2}% is the least; the turntable stood still, or the product looks alike from all sides"
        ),
    );
    Finding::of_all(FindingKind::AllIdentical, severity, photos, value, least, Unit::Percent).saying(
        message,
        Text::new(
            "kiểm tra bàn xoay rồi chụp lại; với sản phẩm tròn trơn hãy đặt lệch tâm hoặc dùng mặt bàn có vạch",
            "check the turntable and take the turn again; put a plain round product off centre, or use a printed disc",
        ),
    )
}

pub(super) fn several_rows(row: &Row<'_>, rows: usize) -> Finding {
    let photos = row.names_of(0..row.names.len());
    let message = Text::new(
        format!("thư mục có vẻ chứa {rows} hàng ảnh chụp ở {rows} độ cao, ngưỡng 1"),
        format!(
            "the folder seems to hold {rows} rows taken at {rows} camera heights, 1 is the limit"
        ),
    );
    Finding::of_all(
        FindingKind::SeveralRows,
        Severity::Notice,
        photos,
        rows as f64,
        1.0,
        Unit::Times,
    )
    .saying(
        message,
        Text::new(
            format!("chạy với --rows {rows}, hoặc xếp mỗi hàng vào một thư mục con"),
            format!("run with --rows {rows}, or put each row into a folder of its own"),
        ),
    )
}
