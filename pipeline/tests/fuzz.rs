//! The fuzz targets on stable: every cut of small seeds, and damage by a seeded generator. No panic, bounded time,
//! bounded memory.

#[path = "../../fuzz/targets.rs"]
mod targets;

use std::io::Write;
use std::time::{Duration, Instant};

use xoay_imaging::{Channels, Encoding, Raster, encode};

/// Beyond this a single input is an attack, even on a busy machine.
const MAX_TIME: Duration = Duration::from_secs(5);
/// Of the whole process. The largest inputs that the targets accept take some 20 MB.
const MAX_MEMORY_KB: u64 = 400_000;
/// Damaged copies of each seed.
const ROUNDS: u32 = 4000;

/// Marsaglia's xorshift: the same damage in every run.
struct Damage(u64);

impl Damage {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % below.max(1)
    }

    /// One to eight changes: a bit, a byte, an extreme value, a piece dropped or repeated.
    fn done_to(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.next(8) {
            // Formats decide in their first bytes.
            let reach = if self.next(2) == 0 { 256 } else { bytes.len() };
            let at = self.next(reach.min(bytes.len()));
            if at >= bytes.len() {
                break;
            }
            match self.next(6) {
                0 => bytes[at] ^= 1 << self.next(8),
                1 => bytes[at] = self.next(256) as u8,
                2 => bytes[at] = [0, 0x7F, 0x80, 0xFF][self.next(4)],
                3 => {
                    let end = bytes.len().min(at + 4);
                    bytes[at..end].fill(0xFF);
                }
                4 => {
                    let end = bytes.len().min(at + 1 + self.next(16));
                    bytes.drain(at..end);
                }
                _ => {
                    let end = bytes.len().min(at + 1 + self.next(16));
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        bytes
    }
}

fn run(name: &str, target: fn(&[u8]), seeds: &[Vec<u8>]) {
    /// Longer seeds are cut at so many places.
    const CUTS: usize = 1500;

    let timed = |bytes: &[u8]| {
        let started = Instant::now();
        target(bytes);
        let spent = started.elapsed();
        assert!(
            spent < MAX_TIME,
            "{name}: {spent:?} for {} bytes",
            bytes.len()
        );
    };
    let mut damage = Damage(0x0058_6f61_7958_6f61);
    for seed in seeds {
        timed(seed);
        for length in (0..seed.len()).step_by(seed.len() / CUTS + 1) {
            timed(&seed[..length]);
        }
        for _ in 0..ROUNDS {
            timed(&damage.done_to(seed));
        }
    }
    if let Some(peak_kb) = peak_memory_kb() {
        assert!(peak_kb < MAX_MEMORY_KB, "{name}: {peak_kb} kB");
    }
}

/// The most memory that this process has held, what C libraries take included; `None` where the system does not say.
fn peak_memory_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn picture(width: u32, height: u32) -> Raster {
    let pixels = (0..width * height).flat_map(|n| [(n * 7) as u8, (n / 3) as u8, (n * n) as u8]);
    Raster::new(width, height, Channels::Rgb, pixels.collect()).unwrap()
}

fn encoded(encoding: Encoding) -> Vec<u8> {
    encode(&picture(24, 16), encoding).unwrap()
}

fn jpegs() -> Vec<Vec<u8>> {
    [false, true]
        .map(|progressive| {
            encoded(Encoding::Jpeg {
                quality: 70,
                progressive,
            })
        })
        .to_vec()
}

fn webps() -> Vec<Vec<u8>> {
    let lossy = Encoding::Webp {
        quality: 60,
        method: 0,
    };
    vec![encoded(lossy), encoded(Encoding::WebpLossless)]
}

/// Grey, 8 bits, one strip (TIFF 6.0, section 4).
fn tiffs() -> Vec<Vec<u8>> {
    let (width, height) = (6_u16, 4_u16);
    let mut file = b"II\x2a\0\x08\0\0\0\x09\0".to_vec();
    let data_at = 8 + 2 + 9 * 12 + 4;
    for (tag, value) in [
        (256, width),
        (257, height),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, data_at),
        (277, 1),
        (278, height),
        (279, width * height),
    ] {
        for number in [tag, 3, 1, 0, value, 0] {
            file.extend(u16::to_le_bytes(number));
        }
    }
    file.extend([0; 4]);
    file.extend((0..width * height).map(|n| n as u8 * 9));
    vec![file]
}

/// A TIFF structure with orientation, focal length and time.
fn exifs() -> Vec<Vec<u8>> {
    let mut data = b"MM\0\x2a\0\0\0\x08".to_vec();
    data.extend([0, 2]);
    data.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]);
    data.extend([0x87, 0x69, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38]);
    data.extend([0; 4]);
    data.extend([0, 2]);
    data.extend([0x90, 0x03, 0, 2, 0, 0, 0, 20, 0, 0, 0, 68]);
    data.extend([0x92, 0x0a, 0, 5, 0, 0, 0, 1, 0, 0, 0, 88]);
    data.extend([0; 4]);
    data.extend(b"2026:11:22 08:30:05\0");
    data.extend([0, 0, 0, 30, 0, 0, 0, 1]);
    vec![data]
}

fn iccs() -> Vec<Vec<u8>> {
    let profiles = [
        moxcms::ColorProfile::new_display_p3(),
        moxcms::ColorProfile::new_gray_with_gamma(2.2),
    ];
    profiles.map(|profile| profile.encode().unwrap()).to_vec()
}

fn zips() -> Vec<Vec<u8>> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, method, quality) in [
        ("row1/1.jpg", rawzip::CompressionMethod::DEFLATE, 30),
        ("row1/2.jpg", rawzip::CompressionMethod::STORE, 20),
        ("row2/1.jpg", rawzip::CompressionMethod::STORE, 10),
    ] {
        let photo = encoded(Encoding::Jpeg {
            quality,
            progressive: false,
        });
        let file = archive.new_file(name).compression_method(method);
        let (mut entry, config) = file.start().unwrap();
        let descriptor = if method == rawzip::CompressionMethod::STORE {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(&photo).unwrap();
            writer.finish().unwrap().1
        } else {
            let level = flate2::Compression::default();
            let encoder = flate2::write::DeflateEncoder::new(&mut entry, level);
            let mut writer = config.wrap(encoder);
            writer.write_all(&photo).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        };
        entry.finish(descriptor).unwrap();
    }
    vec![archive.finish().unwrap()]
}

fn manifests() -> Vec<Vec<u8>> {
    let manifest = xoay_format::SpinManifest {
        kind: xoay_format::SpinManifest::KIND.into(),
        version: xoay_format::SpinManifest::VERSION,
        generator: "xoay".into(),
        width: 8,
        height: 6,
        background: "#ffffff".into(),
        direction: xoay_format::Direction::default(),
        loops: true,
        start_frame: 0,
        rows: Vec::new(),
        frames: vec![xoay_format::Frame {
            azimuth_deg: 0.0,
            source: "lọ.jpg".into(),
            projection: None,
        }],
        renditions: Vec::new(),
        posters: Vec::new(),
        sprite: None,
        tiles: None,
        alt: xoay_format::Text::new("lọ", "jar"),
    };
    let deep = "[".repeat(10_000);
    vec![serde_json::to_vec(&manifest).unwrap(), deep.into()]
}

fn glbs() -> Vec<Vec<u8>> {
    let json = br#"{"asset":{"version":"2.0"},"scene":0,"scenes":[{"nodes":[0]}],"nodes":[{"mesh":0}],
        "meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],"buffers":[{"byteLength":36}],
        "bufferViews":[{"buffer":0,"byteLength":36}],"accessors":[{"bufferView":0,"componentType":5126,"count":3,
        "type":"VEC3","min":[0,0,0],"max":[1,1,0]}]}"#;
    let mut json = json.to_vec();
    json.resize(json.len().next_multiple_of(4), b' ');
    let positions: Vec<u8> = [0_f32, 0., 0., 1., 0., 0., 0., 1., 0.]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let mut file = b"glTF\x02\0\0\0".to_vec();
    let length = 12 + 8 + json.len() + 8 + positions.len();
    file.extend((length as u32).to_le_bytes());
    for (kind, chunk) in [(b"JSON", &json), (b"BIN\0", &positions)] {
        file.extend((chunk.len() as u32).to_le_bytes());
        file.extend(kind);
        file.extend(chunk);
    }
    vec![file]
}

fn objs() -> Vec<Vec<u8>> {
    let text = "mtllib a.mtl\no jar\ns 1\nv 0 0 0 1 0 0\nv 1 0 0 1 0 0\nv 1 1 0\nv 0.5 0.5 0\nv 0 1 0\nvt 0 0\n\
        vn 0 0 1\nusemtl glass\nf 1/1/1 2/1/1 3/1/1 4/1/1 5/1/1\ns off\nf -1 -2 \\\n -3\nf 1//1 2//1 3//1\n";
    vec![text.into()]
}

fn plys() -> Vec<Vec<u8>> {
    let header = |format: &str| {
        format!(
            "ply\nformat {format} 1.0\ncomment TextureFile a.png\nelement vertex 3\nproperty float x\n\
             property float y\nproperty float z\nproperty uchar red\nproperty uchar green\nproperty uchar blue\n\
             element face 1\nproperty list uchar int vertex_indices\nproperty list uchar float texcoord\nend_header\n"
        )
    };
    let mut text = header("ascii").into_bytes();
    text.extend(b"0 0 0 255 0 0\n1 0 0 0 255 0\n0 1 0 0 0 255\n3 0 1 2 6 0 0 1 0 0 1\n");
    let mut binary = header("binary_little_endian").into_bytes();
    for [x, y] in [[0_f32, 0.], [1., 0.], [0., 1.]] {
        binary.extend([x, y, 0.].iter().flat_map(|value| value.to_le_bytes()));
        binary.extend([255, 0, 0]);
    }
    binary.push(3);
    binary.extend([0_i32, 1, 2].iter().flat_map(|index| index.to_le_bytes()));
    binary.push(6);
    binary.extend(
        [0_f32, 0., 1., 0., 0., 1.]
            .iter()
            .flat_map(|value| value.to_le_bytes()),
    );
    vec![text, binary]
}

fn stls() -> Vec<Vec<u8>> {
    let text = "solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\n\
        endfacet\nendsolid a\n";
    let mut binary = b"solid of a binary kind".to_vec();
    binary.resize(80, 0);
    binary.extend(1_u32.to_le_bytes());
    for value in [0_f32, 0., 1., 0., 0., 0., 1., 0., 0., 0., 1., 0.] {
        binary.extend(value.to_le_bytes());
    }
    binary.extend([0, 0]);
    vec![text.into(), binary]
}

macro_rules! smoke {
    ($($test:ident: $target:ident with $seeds:expr;)*) => {
        $(
            #[test]
            fn $test() {
                run(stringify!($target), targets::$target, &$seeds);
            }
        )*
    };
}

smoke! {
    any_header: header with [jpegs(), vec![encoded(Encoding::Png)], webps(), tiffs()].concat();
    any_jpeg: jpeg with jpegs();
    any_png: png with [encoded(Encoding::Png)];
    any_webp: webp with webps();
    any_tiff: tiff with tiffs();
    any_exif: exif with exifs();
    any_icc: icc with iccs();
    any_zip: zip with zips();
    any_manifest: manifest with manifests();
    any_glb: glb with glbs();
    any_obj: obj with objs();
    any_ply: ply with plys();
    any_stl: stl with stls();
}

#[test]
fn the_seeds_are_good() {
    let options = xoay_imaging::DecodeOptions::default();
    for seed in [jpegs(), vec![encoded(Encoding::Png)], webps(), tiffs()].concat() {
        xoay_imaging::decode(&seed, &options).unwrap();
    }
    let silent = xoay_format::Watch::silent();
    for seed in zips() {
        xoay_spin::read_zip(seed, &xoay_spin::CaptureOptions::default(), silent).unwrap();
    }
    for seed in [glbs(), objs(), plys(), stls()].concat() {
        xoay_gltf::read_bytes(&seed, &xoay_gltf::Limits::default()).unwrap();
    }
}
