// Metallic-roughness under the house's studio light. README.md has the formulas; the viewer draws the same.

struct Frame {
    clip_from_world: mat4x4f,
    eye: vec4f,
    // Cosine and sine of the camera's azimuth.
    azimuth: vec4f,
}

struct Material {
    base_color: vec4f,
    emissive: vec4f,
    surface: vec4f,
    modes: vec4f,
    uv: array<vec4f, 10>,
}

@group(0) @binding(0) var<uniform> frame: Frame;
@group(1) @binding(0) var<uniform> material: Material;
@group(1) @binding(1) var base_color_map: texture_2d<f32>;
@group(1) @binding(2) var metallic_roughness_map: texture_2d<f32>;
@group(1) @binding(3) var normal_map: texture_2d<f32>;
@group(1) @binding(4) var occlusion_map: texture_2d<f32>;
@group(1) @binding(5) var emissive_map: texture_2d<f32>;
@group(1) @binding(6) var base_color_sampler: sampler;
@group(1) @binding(7) var metallic_roughness_sampler: sampler;
@group(1) @binding(8) var normal_sampler: sampler;
@group(1) @binding(9) var occlusion_sampler: sampler;
@group(1) @binding(10) var emissive_sampler: sampler;

struct Varyings {
    @builtin(position) clip: vec4f,
    @location(0) position: vec3f,
    @location(1) normal: vec3f,
    @location(2) uv: vec4f,
    @location(3) color: vec4f,
}

@vertex
fn vertex_main(
    @location(0) position: vec3f,
    @location(1) normal: vec3f,
    @location(2) uv: vec4f,
    @location(3) color: vec4f,
) -> Varyings {
    return Varyings(frame.clip_from_world * vec4f(position, 1.0), position, normal, uv, color);
}

fn map_uv(slot: u32, uv: vec4f) -> vec2f {
    let u_row = material.uv[2u * slot];
    let v_row = material.uv[2u * slot + 1u];
    let st = vec3f(select(uv.xy, uv.zw, u_row.w > 0.5), 1.0);
    return vec2f(dot(u_row.xyz, st), dot(v_row.xyz, st));
}

// Soft boxes: direction and sharpness, and their brightness. The camera looks along -Z; they turn with it.
const LAMPS = 6u;
const LAMP = array<vec4f, 6>(
    vec4f(-0.576, 0.624, 0.528, 6.0),
    vec4f(0.820, 0.256, 0.512, 4.5),
    vec4f(0.000, 0.995, 0.100, 5.0),
    vec4f(-0.766, 0.287, -0.575, 8.0),
    vec4f(0.721, 0.385, -0.577, 8.0),
    vec4f(0.962, 0.192, 0.192, 24.0),
);
const BRIGHT = array<f32, 6>(2.5, 0.95, 1.9, 1.4, 1.7, 2.6);
const SKY = vec3f(0.56, 0.57, 0.58);
const FLOOR = vec3f(0.36, 0.355, 0.345);

fn ambient(up: f32) -> vec3f {
    return mix(FLOOR, SKY, 0.5 + 0.5 * up);
}

fn to_studio(d: vec3f) -> vec3f {
    let c = frame.azimuth.x;
    let s = frame.azimuth.y;
    return vec3f(c * d.x - s * d.z, d.y, s * d.x + c * d.z);
}

// Light that falls on a surface, over pi.
fn irradiance(n: vec3f) -> vec3f {
    var lamps = LAMP;
    var bright = BRIGHT;
    var sum = ambient(n.y) * 0.85;
    for (var i = 0u; i < LAMPS; i++) {
        let wrapped = max(dot(n, lamps[i].xyz) + 0.35, 0.0) / 1.35;
        sum += bright[i] * 2.0 / lamps[i].w * wrapped * wrapped;
    }
    return sum;
}

// What a lobe of this roughness around the reflection sees.
fn reflection(r: vec3f, alpha: f32, n_dot_v: f32) -> vec3f {
    var lamps = LAMP;
    var bright = BRIGHT;
    let lobe = 1.0 / (2.0 * alpha * alpha * max(n_dot_v, 0.15));
    var sum = ambient(r.y * (1.0 - 0.7 * alpha)) * 0.8;
    for (var i = 0u; i < LAMPS; i++) {
        let sharp = lamps[i].w;
        let blurred = sharp * lobe / (sharp + lobe);
        sum += bright[i] * blurred / sharp * exp(blurred * (dot(r, lamps[i].xyz) - 1.0));
    }
    return sum;
}

// The scale and bias of the reflectance at normal incidence (Karis 2014, "Physically based shading on mobile").
fn environment_brdf(roughness: f32, n_dot_v: f32) -> vec2f {
    let r = roughness * vec4f(-1.0, -0.0275, -0.572, 0.022) + vec4f(1.0, 0.0425, 1.04, -0.04);
    let a = min(r.x * r.x, exp2(-9.28 * n_dot_v)) * r.x + r.y;
    return vec2f(-1.04, 1.04) * a + r.zw;
}

// Khronos PBR Neutral.
fn tone_map(linear: vec3f) -> vec3f {
    let start = 0.8 - 0.04;
    let x = min(linear.r, min(linear.g, linear.b));
    let offset = select(0.04, x - 6.25 * x * x, x < 0.08);
    let color = linear - offset;
    let peak = max(color.r, max(color.g, color.b));
    if peak < start {
        return color;
    }
    let d = 1.0 - start;
    let new_peak = 1.0 - d * d / (peak + d - start);
    let g = 1.0 - 1.0 / (0.15 * (peak - new_peak) + 1.0);
    return mix(color * (new_peak / peak), vec3f(new_peak), g);
}

@fragment
fn fragment_main(in: Varyings, @builtin(front_facing) front: bool) -> @location(0) vec4f {
    // Derivatives and samples first: they need uniform control flow.
    let dp_dx = dpdx(in.position);
    let dp_dy = dpdy(in.position);
    let normal_uv = map_uv(2u, in.uv);
    let duv_dx = dpdx(normal_uv);
    let duv_dy = dpdy(normal_uv);
    let base = textureSample(base_color_map, base_color_sampler, map_uv(0u, in.uv)) * material.base_color * in.color;
    let metallic_roughness = textureSample(metallic_roughness_map, metallic_roughness_sampler, map_uv(1u, in.uv));
    let normal_texel = textureSample(normal_map, normal_sampler, normal_uv).xyz * 2.0 - 1.0;
    let occlusion_texel = textureSample(occlusion_map, occlusion_sampler, map_uv(3u, in.uv)).r;
    let emissive = textureSample(emissive_map, emissive_sampler, map_uv(4u, in.uv)).rgb * material.emissive.rgb;

    var alpha = 1.0;
    if material.modes.x > 1.5 {
        alpha = base.a;
    } else if material.modes.x > 0.5 && base.a < material.modes.y {
        discard;
    }
    if material.modes.z > 0.5 {
        return vec4f(base.rgb * alpha, alpha);
    }

    let v = normalize(frame.eye.xyz - in.position);
    var n: vec3f;
    if dot(in.normal, in.normal) < 0.25 {
        n = normalize(cross(dp_dx, dp_dy));
        n = select(-n, n, dot(n, v) > 0.0);
    } else {
        // Front means counter-clockwise; a mirrored node turns that round.
        let outward = front != (material.modes.w > 0.5);
        n = normalize(select(-in.normal, in.normal, outward));
    }
    if material.emissive.w > 0.0 {
        // The tangent frame from derivatives, orthogonal to the normal (Schüler 2013).
        let dp_x_n = cross(n, dp_dx);
        let n_x_dp = cross(dp_dy, n);
        let t = n_x_dp * duv_dx.x + dp_x_n * duv_dy.x;
        let b = n_x_dp * duv_dx.y + dp_x_n * duv_dy.y;
        let longest = max(dot(t, t), dot(b, b));
        if longest > 0.0 {
            // glTF's bitangent points to smaller v.
            let scale = inverseSqrt(longest);
            let bump = normal_texel.xy * material.emissive.w;
            n = normalize(t * (scale * bump.x) - b * (scale * bump.y) + n * normal_texel.z);
        }
    }

    let metallic = clamp(material.surface.x * metallic_roughness.b, 0.0, 1.0);
    let roughness = clamp(material.surface.y * metallic_roughness.g, 0.045, 1.0);
    let occlusion = 1.0 + material.surface.z * (occlusion_texel - 1.0);
    let n_dot_v = clamp(dot(n, v), 0.02, 1.0);
    let f0 = mix(vec3f(0.04), base.rgb, metallic);
    let brdf = environment_brdf(roughness, n_dot_v);
    let reflectance = f0 * brdf.x + brdf.y;
    let specular = reflectance * reflection(to_studio(reflect(-v, n)), roughness * roughness, n_dot_v);
    let diffuse = base.rgb * (1.0 - metallic) * (1.0 - reflectance) * irradiance(to_studio(n));
    let transmitted = material.surface.w * (1.0 - metallic);
    if alpha == 1.0 && transmitted == 0.0 {
        return vec4f(tone_map((diffuse + specular) * occlusion + emissive), 1.0);
    }
    // What is reflected replaces what lies behind; glass shows the rest of it, tinted by nothing.
    alpha *= 1.0 - 0.94 * transmitted;
    let color = diffuse * occlusion * alpha + specular * occlusion + emissive;
    alpha = max(alpha, max(reflectance.r, max(reflectance.g, reflectance.b)));
    return vec4f(tone_map(color), alpha);
}
