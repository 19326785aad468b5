// The blurred shadow, as darkness over what lies behind the model.

struct Floor {
    clip_from_world: mat4x4f,
    // The middle of the square, and half its side.
    place: vec4f,
}

@group(0) @binding(0) var<uniform> floor_place: Floor;
@group(0) @binding(1) var shadow: texture_2d<f32>;
@group(0) @binding(2) var shadow_sampler: sampler;

struct Varyings {
    @builtin(position) clip: vec4f,
    @location(0) place: vec2f,
}

@vertex
fn vertex_main(@builtin(vertex_index) index: u32) -> Varyings {
    // Two triangles from the vertex number alone.
    let corner = vec2f(select(1.0, -1.0, (index & 1u) == 0u), select(1.0, -1.0, (index & 2u) == 0u));
    let half = floor_place.place.w;
    let world = floor_place.place.xyz + vec3f(corner.x * half, 0.0, corner.y * half);
    return Varyings(floor_place.clip_from_world * vec4f(world, 1.0), corner * 0.5 + 0.5);
}

@fragment
fn fragment_main(in: Varyings) -> @location(0) vec4f {
    let shade = textureSample(shadow, shadow_sampler, in.place).rg;
    // Dithered by a fraction of a step, or the long slope would show its steps.
    let grain = fract(52.9829189 * fract(dot(in.clip.xy, vec2f(0.06711056, 0.00583715)))) - 0.5;
    let dark = 1.0 - (1.0 - 0.42 * shade.r) * (1.0 - 0.34 * shade.g);
    return vec4f(0.0, 0.0, 0.0, max(dark + grain / 255.0, 0.0));
}
