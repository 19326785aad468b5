// How alike photos show a small patch of the surface at one depth: `likeness` of patches.rs, one invocation a depth.

struct Photo {
    // Rows of the rotation, each with what is added after it.
    x: vec4<f32>,
    y: vec4<f32>,
    z: vec4<f32>,
    // Focal length and principal point, pixels of the photo.
    lens: vec4<f32>,
    // Left, top, width, height of the window.
    window: vec4<u32>,
    // Where its brightness begins, in values.
    first: u32,
    k1: f32,
    unused0: u32,
    unused1: u32,
}

struct Job {
    // The patch's middle at the first depth, from each depth to the next, and from sample to sample along its sides.
    start: vec4<f32>,
    stride: vec4<f32>,
    u: vec4<f32>,
    v: vec4<f32>,
    // The straightest photo, how many others, and which.
    first: u32,
    count: u32,
    others: array<u32, 6>,
}

struct Settings {
    jobs: u32,
    best: u32,
    steps: u32,
    // Invocations along x.
    across: u32,
}

@group(0) @binding(0) var<uniform> settings: Settings;
@group(0) @binding(1) var<storage, read> photos: array<Photo>;
// Two values of brightness in each word, 0 to 255 as 0 to 65535.
@group(0) @binding(2) var<storage, read> brightness: array<u32>;
@group(0) @binding(3) var<storage, read> jobs: array<Job>;
// For each job and depth the cost and the patch's deviation.
@group(0) @binding(4) var<storage, read_write> likeness: array<vec2<f32>>;

const SIDE: i32 = 5;
const SAMPLES: i32 = 25;
const BLANK: f32 = 6.0;
const LEAST_ALIKE: u32 = 2u;

fn value(at: u32) -> f32 {
    let word = brightness[at >> 1u];
    let half = select(word & 0xffffu, word >> 16u, (at & 1u) == 1u);
    return f32(half) / 257.0;
}

// z is 0 where the photo does not see the point.
fn project(photo: u32, place: vec3<f32>) -> vec3<f32> {
    let p = vec4<f32>(place, 1.0);
    let seen = vec3<f32>(dot(photos[photo].x, p), dot(photos[photo].y, p), dot(photos[photo].z, p));
    if seen.z <= 0.0 {
        return vec3<f32>(0.0);
    }
    let n = seen.xy / seen.z;
    let bent = n * (1.0 + photos[photo].k1 * dot(n, n));
    let lens = photos[photo].lens;
    return vec3<f32>(lens.xy * bent + lens.zw, 1.0);
}

// The picture of a patch, which is small and therefore affine: its middle in the window, and from sample to sample.
struct Picture {
    seen: bool,
    middle: vec2<f32>,
    u: vec2<f32>,
    v: vec2<f32>,
}

fn picture(photo: u32, centre: vec3<f32>, u: vec3<f32>, v: vec3<f32>) -> Picture {
    var out: Picture;
    let middle = project(photo, centre);
    let along_u = project(photo, centre + u);
    let along_v = project(photo, centre + v);
    let window = photos[photo].window;
    out.seen = middle.z * along_u.z * along_v.z > 0.0;
    out.u = along_u.xy - middle.xy;
    out.v = along_v.xy - middle.xy;
    out.middle = middle.xy - vec2<f32>(f32(window.x), f32(window.y)) - 0.5;
    if out.seen {
        // It is affine: where its corners lie in the window, all of it does.
        let reach = f32(SIDE / 2) * (abs(out.u) + abs(out.v));
        let end = vec2<f32>(f32(window.z), f32(window.w)) - 1.0;
        out.seen = all(out.middle - reach >= vec2<f32>(0.0)) && all(out.middle + reach < end);
    }
    return out;
}

fn sample(photo: u32, seen: Picture, k: i32) -> f32 {
    let i = f32(k % SIDE - SIDE / 2);
    let j = f32(k / SIDE - SIDE / 2);
    let place = seen.middle + i * seen.u + j * seen.v;
    let low = vec2<u32>(max(place, vec2<f32>(0.0)));
    let part = place - vec2<f32>(low);
    let width = photos[photo].window.z;
    let at = photos[photo].first + low.y * width + low.x;
    let above = mix(value(at), value(at + 1u), part.x);
    let below = mix(value(at + width), value(at + width + 1u), part.x);
    return mix(above, below, part.y);
}

@compute @workgroup_size(64)
fn compare(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.y * settings.across + id.x;
    if id.x >= settings.across || at >= settings.jobs * settings.steps {
        return;
    }
    let number = at / settings.steps;
    let step = at % settings.steps;
    let centre = jobs[number].start.xyz + f32(step) * jobs[number].stride.xyz;
    let u = jobs[number].u.xyz;
    let v = jobs[number].v.xyz;
    likeness[at] = vec2<f32>(1.0, 0.0);
    let first = jobs[number].first;
    let straight = picture(first, centre, u, v);
    if !straight.seen {
        return;
    }
    var own: array<f32, SAMPLES>;
    var mean = 0.0;
    for (var k = 0; k < SAMPLES; k++) {
        own[k] = sample(first, straight, k);
        mean += own[k];
    }
    mean /= f32(SAMPLES);
    var square = 0.0;
    for (var k = 0; k < SAMPLES; k++) {
        own[k] -= mean;
        square += own[k] * own[k];
    }
    let deviation = sqrt(square / f32(SAMPLES));
    likeness[at].y = deviation;
    if deviation < BLANK {
        return;
    }
    // The best correlations, largest first.
    var alike: array<f32, 6>;
    var count = 0u;
    for (var other = 0u; other < min(jobs[number].count, 6u); other++) {
        let photo = jobs[number].others[other];
        let seen = picture(photo, centre, u, v);
        if !seen.seen {
            continue;
        }
        // Sums of differences from one sample: they lose no digits where the patch is bright and almost blank.
        let level = sample(photo, seen, SAMPLES / 2);
        var sum = 0.0;
        var squares = 0.0;
        var product = 0.0;
        for (var k = 0; k < SAMPLES; k++) {
            let away = sample(photo, seen, k) - level;
            sum += away;
            squares += away * away;
            product += own[k] * away;
        }
        let spread = max(squares - sum * sum / f32(SAMPLES), 0.0);
        let correlation = product / (sqrt(square) * max(sqrt(spread), 1e-6));
        var place = count;
        while place > 0u && alike[place - 1u] < correlation {
            alike[place] = alike[place - 1u];
            place--;
        }
        alike[place] = correlation;
        count++;
    }
    if count < LEAST_ALIKE {
        return;
    }
    let best = min(count, settings.best);
    var sum = 0.0;
    for (var k = 0u; k < best; k++) {
        sum += alike[k];
    }
    likeness[at].x = 1.0 - sum / f32(best);
}
