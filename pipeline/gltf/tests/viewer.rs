//! What the optimizer writes must load in the viewer.

mod sample;

use proptest::prelude::*;
use sample::{document, recipe};
use xoay_format::Watch;
use xoay_gltf::{Codec, OptimizeOptions, optimize};
use xoay_viewer_core::gltf::Model;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_viewer_reads_what_the_optimizer_writes(recipe in recipe(), khr in any::<bool>()) {
        let codec = if khr { Codec::Khr } else { Codec::Ext };
        let options = OptimizeOptions { compress: Some(codec), ..OptimizeOptions::default() };
        let optimized = optimize(document(&recipe), &options, Watch::silent()).unwrap();
        let model = Model::read(&optimized.glb).unwrap();
        let stats = optimized.document.stats();
        prop_assert_eq!(model.triangles() as u64, stats.triangles);
        prop_assert_eq!(model.variants.len() as u64, stats.variants);
        let size = stats.bounds.max.iter().fold(1.0f32, |most, value| most.max(value.abs()));
        for axis in 0..3 {
            prop_assert!((model.min[axis] - stats.bounds.min[axis]).abs() <= 1e-4 * size);
            prop_assert!((model.max[axis] - stats.bounds.max[axis]).abs() <= 1e-4 * size);
        }
    }
}
