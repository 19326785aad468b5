use proptest::prelude::*;

use super::*;

/// What the reference encoder makes of vertices of `N` bytes.
fn encode<const N: usize>(vertices: &[[u8; N]], version: i32, level: i32) -> Vec<u8> {
    meshopt::encode_vertex_buffer_level(vertices, level, Some(version)).unwrap()
}

fn check_vertices<const N: usize>(vertices: &[[u8; N]]) {
    for (version, level) in [(0, 2), (1, 0), (1, 2), (1, 3)] {
        let coded = encode(vertices, version, level);
        let out = decode(&coded, Mode::Attributes, Filter::None, vertices.len(), N).unwrap();
        assert_eq!(
            out,
            vertices.concat(),
            "version {version}, level {level}, stride {N}"
        );
    }
}

/// Smooth, noisy and constant bytes, so that every group mode and channel is met.
fn vertices<const N: usize>(count: usize, seed: u64) -> Vec<[u8; N]> {
    let mut state = seed | 1;
    let mut noise = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as u32
    };
    (0..count)
        .map(|i| {
            core::array::from_fn(|k| match (k / 4) % 4 {
                0 => ((i * 3 + k) >> (8 * (k % 2))) as u8,
                1 => (noise() >> (k % 8)) as u8,
                2 => 7,
                _ => ((i as f32 * 0.37).to_bits() >> (8 * (k % 4))) as u8,
            })
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn vertices_of_the_reference_encoder_come_back(count in 1..700_usize, seed: u64) {
        check_vertices(&vertices::<4>(count, seed));
        check_vertices(&vertices::<8>(count, seed));
        check_vertices(&vertices::<12>(count, seed));
        check_vertices(&vertices::<20>(count, seed));
        check_vertices(&vertices::<64>(count, seed));
        check_vertices(&vertices::<256>(count, seed));
    }

    #[test]
    fn triangles_come_back(raw in prop::collection::vec(0..500_u32, 1..400)) {
        let mut indices: Vec<u32> = raw.iter().flat_map(|&v| [v, v + 1, v + 7]).collect();
        indices.extend(raw.iter().take(raw.len() / 3 * 3));
        let coded = meshopt::encode_index_buffer(&indices, 600).unwrap();
        let wide = decode(&coded, Mode::Triangles, Filter::None, indices.len(), 4).unwrap();
        // The codec may turn a triangle's corners around, never mirror it.
        let got: Vec<u32> = wide.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().unwrap())).collect();
        let theirs: Vec<u32> = meshopt::decode_index_buffer(&coded, indices.len()).unwrap();
        prop_assert_eq!(&got, &theirs);
        let narrow = decode(&coded, Mode::Triangles, Filter::None, indices.len(), 2).unwrap();
        let narrow: Vec<u32> = narrow.chunks_exact(2).map(|b| u32::from(u16::from_le_bytes([b[0], b[1]]))).collect();
        prop_assert_eq!(&narrow, &theirs);
    }

    #[test]
    fn index_sequences_come_back(indices in prop::collection::vec(0..100_000_u32, 1..500)) {
        let coded = meshopt::encode_index_sequence(&indices, 100_000).unwrap();
        let out = decode(&coded, Mode::Indices, Filter::None, indices.len(), 4).unwrap();
        let got: Vec<u32> = out.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().unwrap())).collect();
        prop_assert_eq!(got, indices);
    }

    #[test]
    fn noise_is_an_error_or_a_result_never_a_panic(
        mut data in prop::collection::vec(any::<u8>(), 0..600),
        header in prop::sample::select(vec![0xa0_u8, 0xa1, 0xe0, 0xe1, 0xd0, 0xd1]),
        count in 0..200_usize,
        stride in 0..260_usize,
    ) {
        if let Some(first) = data.first_mut() {
            *first = header;
        }
        for mode in [Mode::Attributes, Mode::Triangles, Mode::Indices] {
            for filter in [Filter::None, Filter::Octahedral, Filter::Quaternion, Filter::Exponential, Filter::Color] {
                let _ = decode(&data, mode, filter, count, stride);
            }
        }
    }
}

#[test]
fn every_truncated_prefix_is_an_error() {
    let points = vertices::<12>(300, 5);
    for version in [0, 1] {
        let coded = encode(&points, version, 2);
        for end in 0..coded.len() {
            assert!(decode(&coded[..end], Mode::Attributes, Filter::None, 300, 12).is_err());
        }
    }
    let indices: Vec<u32> = (0..300).map(|i| (i * 7) % 90).collect();
    let triangles = meshopt::encode_index_buffer(&indices, 90).unwrap();
    let sequence = meshopt::encode_index_sequence(&indices, 90).unwrap();
    for (coded, mode) in [(triangles, Mode::Triangles), (sequence, Mode::Indices)] {
        for end in 0..coded.len() {
            assert!(
                decode(&coded[..end], mode, Filter::None, 300, 4).is_err(),
                "{mode:?} {end}"
            );
        }
    }
}

#[test]
fn a_huge_count_is_refused_before_anything_is_allocated() {
    for count in [usize::MAX, 1 << 40, 1 << 27, 1 << 24] {
        assert!(decode(&[0xa0; 64], Mode::Attributes, Filter::None, count, 16).is_err());
        assert!(decode(&[0xe1; 64], Mode::Triangles, Filter::None, count / 3 * 3, 4).is_err());
    }
}

fn units() -> impl Strategy<Value = [f32; 4]> {
    prop::array::uniform4(-1.0..1.0_f32).prop_filter("a direction", |v| {
        v.iter().take(3).map(|n| n * n).sum::<f32>() > 1e-3
    })
}

/// Codes `words` as attributes and decodes them with `filter`.
fn through<const N: usize>(words: &[[u8; N]], filter: Filter) -> Vec<u8> {
    let coded = encode(words, 1, 2);
    decode(&coded, Mode::Attributes, filter, words.len(), N).unwrap()
}

fn close(ours: &[u8], theirs: impl IntoIterator<Item = i16>) -> bool {
    ours.chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .zip(theirs)
        .all(|(a, b)| i32::from(a).abs_diff(i32::from(b)) <= 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The reference uses SIMD with a rounding of its own: one unit in the last place is allowed.
    #[test]
    fn filters_agree_with_the_reference(vectors in prop::collection::vec(units(), 1..40)) {
        let normals: Vec<[f32; 4]> = vectors
            .iter()
            .map(|v| {
                let length = v[..3].iter().map(|n| n * n).sum::<f32>().sqrt();
                [v[0] / length, v[1] / length, v[2] / length, 0.0]
            })
            .collect();

        let mut words: Vec<[i16; 4]> = meshopt::encode_filter_oct(&normals, 12);
        let ours = through(&words.iter().map(|w| bytes8(*w)).collect::<Vec<_>>(), Filter::Octahedral);
        meshopt::decode_filter_oct(&mut words);
        prop_assert!(close(&ours, words.concat()));

        let mut small: Vec<[i8; 4]> = meshopt::encode_filter_oct(&normals, 8);
        let ours = through(&small.iter().map(|w| w.map(i8::cast_unsigned)).collect::<Vec<_>>(), Filter::Octahedral);
        meshopt::decode_filter_oct(&mut small);
        let near = ours.iter().zip(small.concat()).all(|(a, b)| i32::from(a.cast_signed()).abs_diff(i32::from(b)) <= 1);
        prop_assert!(near);

        let turns: Vec<[f32; 4]> = vectors
            .iter()
            .map(|v| {
                let length = v.iter().map(|n| n * n).sum::<f32>().sqrt();
                v.map(|n| n / length)
            })
            .collect();
        let mut words = meshopt::encode_filter_quat(&turns, 12);
        let ours = through(&words.iter().map(|w| bytes8(*w)).collect::<Vec<_>>(), Filter::Quaternion);
        meshopt::decode_filter_quat(&mut words);
        prop_assert!(close(&ours, words.concat()));

        let colors: Vec<[f32; 4]> = vectors.iter().map(|v| v.map(f32::abs)).collect();
        let mut words: Vec<[u16; 4]> = meshopt::encode_filter_color(&colors, 12);
        let ours = through(&words.iter().map(|w| bytes8(w.map(u16::cast_signed))).collect::<Vec<_>>(), Filter::Color);
        meshopt::decode_filter_color(&mut words);
        let near = ours
            .chunks_exact(2)
            .map(|b| u16::from_le_bytes([b[0], b[1]]))
            .zip(words.concat())
            .all(|(a, b)| a.abs_diff(b) <= 1);
        prop_assert!(near);
    }

    #[test]
    fn the_exponential_filter_is_exact(numbers in prop::collection::vec((-0x7f_ffff..0x7f_ffff_i32, -40..40_i32), 1..40)) {
        let mut words: Vec<[u32; 1]> = numbers
            .iter()
            .map(|&(mantissa, exponent)| [(mantissa.cast_unsigned() & 0xff_ffff) | (exponent.cast_unsigned() << 24)])
            .collect();
        let ours = through(&words.iter().map(|w| w[0].to_le_bytes()).collect::<Vec<_>>(), Filter::Exponential);
        meshopt::decode_filter_exp(&mut words);
        prop_assert_eq!(ours, words.iter().flat_map(|w| w[0].to_le_bytes()).collect::<Vec<_>>());
    }
}

fn bytes8(words: [i16; 4]) -> [u8; 8] {
    let mut out = [0; 8];
    for (slot, word) in out.chunks_exact_mut(2).zip(words) {
        slot.copy_from_slice(&word.to_le_bytes());
    }
    out
}
