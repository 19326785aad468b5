use super::*;

/// A field of a protocol buffer: wire type 2.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    assert!(content.len() < 128 * 128);
    let mut out = vec![number << 3 | 2];
    if content.len() < 128 {
        out.push(content.len() as u8);
    } else {
        out.extend([content.len() as u8 | 128, (content.len() >> 7) as u8]);
    }
    out.extend(content);
    out
}

fn varint(number: u8, value: u8) -> Vec<u8> {
    vec![number << 3, value]
}

/// `ValueInfoProto` of floats; 0 stands for a dimension that is left open.
fn value(name: &str, shape: &[u8]) -> Vec<u8> {
    let dimensions: Vec<u8> = shape
        .iter()
        .flat_map(|&side| {
            let side = if side == 0 {
                field(2, b"n")
            } else {
                varint(1, side)
            };
            field(1, &side)
        })
        .collect();
    let tensor = [varint(1, 1), field(2, &dimensions)].concat();
    [field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat()
}

/// A model that takes the mean of the three channels, as a logit.
fn model(channels: u8) -> Vec<u8> {
    let axes = [field(1, b"axes"), varint(8, 1), varint(20, 7)].concat();
    // AttributeProto.type is field 20, which takes two bytes of tag.
    let axes = [&axes[..axes.len() - 2], &[0xa0, 0x01, 7]].concat();
    let node = [
        field(1, b"x"),
        field(2, b"y"),
        field(4, b"ReduceMean"),
        field(5, &axes),
    ]
    .concat();
    let graph = [
        field(1, &node),
        field(2, b"mean"),
        field(11, &value("x", &[1, channels, 0, 0])),
        field(12, &value("y", &[1, 1, 0, 0])),
    ]
    .concat();
    [varint(1, 8), field(7, &graph), field(8, &varint(2, 13))].concat()
}

fn open(bytes: &[u8]) -> Result<OnnxMatte, LearnedMatteError> {
    let file = std::env::temp_dir().join(format!("xoay-matte-{}.onnx", std::process::id()));
    std::fs::write(&file, bytes).unwrap();
    let model = OnnxMatte::open(&file, 1);
    std::fs::remove_file(&file).unwrap();
    model
}

/// One test: the runtime is loaded once a process.
#[test]
fn a_model_sees_the_photo_and_its_answer_has_the_photos_size() {
    let pixels: Vec<u8> = (0..90 * 60)
        .flat_map(|at| [if at % 90 < 45 { 20 } else { 235 }; 3])
        .collect();
    let photo = Proxy::of(90, 60, &pixels);
    let likelihood = open(&model(3)).unwrap().likelihood(&photo).unwrap();
    assert_eq!(likelihood.len(), 90 * 60);
    for y in [0, 30, 59] {
        assert!(
            likelihood[y * 90 + 10] < 60,
            "dark is unlikely to this model"
        );
        assert!(likelihood[y * 90 + 80] > 200, "bright is likely to it");
    }

    assert!(matches!(
        open(b"no model"),
        Err(LearnedMatteError::Model(_))
    ));
    assert!(matches!(open(&model(4)), Err(LearnedMatteError::Model(_))));
}
