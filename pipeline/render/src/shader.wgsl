// Metallic-roughness shading (glTF 2.0, appendix B, and the KHR_materials extensions) under the prefiltered studio: the
// viewer's shader in another language. What changes there changes here.

struct Frame {
    clip_from_world: mat4x4f,
    eye: vec4f,
    // Cosine and sine of the camera's azimuth: the lamps stand still, the product turns. The studio's last level.
    studio: vec4f,
    harmonics: array<vec4f, 3>,
}

struct Material {
    base_color: vec4f,
    // Emitted light; strength of the normal map, 0 without one.
    emissive: vec4f,
    // Metalness, roughness, strength of occlusion, transmission.
    surface: vec4f,
    // Alpha mode (0 opaque, 1 mask, 2 blend), its threshold, 1 if unlit, 1 if front faces turn clockwise.
    modes: vec4f,
    // Reflectance of what is no metal, head on; strength.
    specular: vec4f,
    // Strength, roughness, strength of the normal map; 1 if there is a coat.
    coat: vec4f,
    // Colour, roughness.
    sheen: vec4f,
    // Thickness in metres, index of refraction, attenuation distance; 1 if there is sheen.
    volume: vec4f,
    // Attenuation colour; 1 if a map of specular is used.
    attenuation: vec4f,
    uv: array<vec4f, 28>,
}

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var studio: texture_cube<f32>;
@group(0) @binding(2) var studio_sampler: sampler;
@group(1) @binding(0) var<uniform> material: Material;
@group(1) @binding(1) var base_color_map: texture_2d<f32>;
@group(1) @binding(2) var metal_rough_map: texture_2d<f32>;
@group(1) @binding(3) var normal_map: texture_2d<f32>;
@group(1) @binding(4) var occlusion_map: texture_2d<f32>;
@group(1) @binding(5) var emissive_map: texture_2d<f32>;
@group(1) @binding(6) var coat_map: texture_2d<f32>;
@group(1) @binding(7) var coat_roughness_map: texture_2d<f32>;
@group(1) @binding(8) var coat_normal_map: texture_2d<f32>;
@group(1) @binding(9) var sheen_color_map: texture_2d<f32>;
@group(1) @binding(10) var sheen_roughness_map: texture_2d<f32>;
@group(1) @binding(11) var specular_map: texture_2d<f32>;
@group(1) @binding(12) var specular_color_map: texture_2d<f32>;
@group(1) @binding(13) var transmission_map: texture_2d<f32>;
@group(1) @binding(14) var thickness_map: texture_2d<f32>;
@group(1) @binding(15) var base_color_sampler: sampler;
@group(1) @binding(16) var metal_rough_sampler: sampler;
@group(1) @binding(17) var normal_sampler: sampler;
@group(1) @binding(18) var occlusion_sampler: sampler;
@group(1) @binding(19) var emissive_sampler: sampler;
@group(1) @binding(20) var coat_sampler: sampler;
@group(1) @binding(21) var coat_roughness_sampler: sampler;
@group(1) @binding(22) var coat_normal_sampler: sampler;
@group(1) @binding(23) var sheen_color_sampler: sampler;
@group(1) @binding(24) var sheen_roughness_sampler: sampler;
@group(1) @binding(25) var specular_sampler: sampler;
@group(1) @binding(26) var specular_color_sampler: sampler;
@group(1) @binding(27) var transmission_sampler: sampler;
@group(1) @binding(28) var thickness_sampler: sampler;

struct Varyings {
    @builtin(position) clip: vec4f,
    @location(0) position: vec3f,
    @location(1) normal: vec3f,
    @location(2) uv: vec4f,
    @location(3) color: vec4f,
    @location(4) tangent: vec4f,
}

@vertex
fn vertex_main(
    @location(0) position: vec3f,
    @location(1) normal: vec3f,
    @location(2) uv: vec4f,
    @location(3) color: vec4f,
    @location(4) tangent: vec4f,
) -> Varyings {
    return Varyings(frame.clip_from_world * vec4f(position, 1.0), position, normal, uv, color, tangent);
}

fn map_uv(slot: u32, uv: vec4f) -> vec2f {
    let u_row = material.uv[2u * slot];
    let v_row = material.uv[2u * slot + 1u];
    let st = vec3f(select(uv.xy, uv.zw, u_row.w > 0.5), 1.0);
    return vec2f(dot(u_row.xyz, st), dot(v_row.xyz, st));
}

fn to_studio(d: vec3f) -> vec3f {
    let c = frame.studio.x;
    let s = frame.studio.y;
    return vec3f(c * d.x - s * d.z, d.y, s * d.x + c * d.z);
}

// Light that falls on a matt surface, over pi.
fn irradiance(world: vec3f) -> f32 {
    let n = to_studio(world);
    let h = frame.harmonics;
    return max(h[0].x + h[0].y * n.y + h[0].z * n.z + h[0].w * n.x + h[1].x * n.x * n.y + h[1].y * n.y * n.z
        + h[1].z * (3.0 * n.z * n.z - 1.0) + h[1].w * n.x * n.z + h[2].x * (n.x * n.x - n.y * n.y), 0.0);
}

fn reflection(r: vec3f, roughness: f32) -> f32 {
    return textureSampleLevel(studio, studio_sampler, to_studio(r), roughness * frame.studio.z).r;
}

// Fit of the split-sum BRDF integral (Lazarov 2013, as given by Karis for mobile).
fn split_sum(roughness: f32, n_dot_v: f32) -> vec2f {
    let r = roughness * vec4f(-1.0, -0.0275, -0.572, 0.022) + vec4f(1.0, 0.0425, 1.04, -0.04);
    let a = min(r.x * r.x, exp2(-9.28 * n_dot_v)) * r.x + r.y;
    return vec2f(-1.04, 1.04) * a + r.zw;
}

// Khronos PBR Neutral tone mapper: base colours up to 0.8 stay as they are.
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
    let pressed = 1.0 - d * d / (peak + d - start);
    let g = 1.0 - 1.0 / (0.15 * (peak - pressed) + 1.0);
    return mix(color * (pressed / peak), vec3f(pressed), g);
}

fn to_srgb(linear: vec3f) -> vec3f {
    let c = clamp(linear, vec3f(0.0), vec3f(1.0));
    return select(1.055 * pow(c, vec3f(1.0 / 2.4)) - 0.055, 12.92 * c, c < vec3f(0.0031308));
}

// How the surface lies on the screen; rows of pixels run down, and are turned round here.
struct Lie {
    dp_dx: vec3f,
    dp_dy: vec3f,
}

// Bends a normal by a texture's; tangents come from the file, or from how the texture lies on the screen.
fn bent(n: vec3f, bump: vec3f, duv_dx: vec2f, duv_dy: vec2f, lie: Lie, in_normal: vec3f, in_tangent: vec4f, back: bool) -> vec3f {
    if in_tangent.w != 0.0 && dot(in_tangent.xyz, in_tangent.xyz) > 0.25 {
        var t = normalize(in_tangent.xyz);
        var b = cross(normalize(in_normal), t) * in_tangent.w;
        // A back face has the same texture, its normal turned round.
        if back {
            t = -t;
            b = -b;
        }
        return normalize(t * bump.x + b * bump.y + n * bump.z);
    }
    let dp2perp = cross(lie.dp_dy, n);
    let dp1perp = cross(n, lie.dp_dx);
    let t = dp2perp * duv_dx.x + dp1perp * duv_dy.x;
    let b = dp2perp * duv_dx.y + dp1perp * duv_dy.y;
    let scale = inverseSqrt(max(max(dot(t, t), dot(b, b)), 1e-20));
    // The texture's rows run down, its green points up.
    return normalize(t * scale * bump.x - b * scale * bump.y + n * bump.z);
}

@fragment
fn fragment_main(in: Varyings, @builtin(front_facing) front: bool) -> @location(0) vec4f {
    // Derivatives and samples first: they need uniform control flow.
    let lie = Lie(dpdx(in.position), -dpdy(in.position));
    let turn = fwidth(in.normal);
    let normal_uv = map_uv(2u, in.uv);
    let normal_dx = dpdx(normal_uv);
    let normal_dy = -dpdy(normal_uv);
    var base = textureSample(base_color_map, base_color_sampler, map_uv(0u, in.uv)) * material.base_color * in.color;
    let metal_rough = textureSample(metal_rough_map, metal_rough_sampler, map_uv(1u, in.uv)).bg * material.surface.xy;
    let normal_texel = textureSample(normal_map, normal_sampler, normal_uv).xyz * 2.0 - 1.0;
    let occlusion_texel = textureSample(occlusion_map, occlusion_sampler, map_uv(3u, in.uv)).r;
    var emissive = textureSample(emissive_map, emissive_sampler, map_uv(4u, in.uv)).rgb * material.emissive.rgb;
    var dielectric = material.specular;
    if material.attenuation.w > 0.5 {
        dielectric.a *= textureSample(specular_map, specular_sampler, map_uv(10u, in.uv)).a;
        dielectric = vec4f(
            dielectric.rgb * textureSample(specular_color_map, specular_color_sampler, map_uv(11u, in.uv)).rgb,
            dielectric.a,
        );
    }
    var through = material.surface.w;
    var thick = material.volume.x;
    if material.surface.w > 0.0 {
        through *= textureSample(transmission_map, transmission_sampler, map_uv(12u, in.uv)).r;
        thick *= textureSample(thickness_map, thickness_sampler, map_uv(13u, in.uv)).g;
    }
    var sheen = material.sheen;
    if material.volume.w > 0.5 {
        sheen = sheen * vec4f(
            textureSample(sheen_color_map, sheen_color_sampler, map_uv(8u, in.uv)).rgb,
            textureSample(sheen_roughness_map, sheen_roughness_sampler, map_uv(9u, in.uv)).a,
        );
    }
    var coat = material.coat.xy;
    var coat_texel = vec3f(0.0, 0.0, 1.0);
    let coat_uv = map_uv(7u, in.uv);
    let coat_dx = dpdx(coat_uv);
    let coat_dy = -dpdy(coat_uv);
    if material.coat.w > 0.5 {
        coat.x *= textureSample(coat_map, coat_sampler, map_uv(5u, in.uv)).r;
        coat.y *= textureSample(coat_roughness_map, coat_roughness_sampler, map_uv(6u, in.uv)).g;
        coat_texel = textureSample(coat_normal_map, coat_normal_sampler, coat_uv).xyz * 2.0 - 1.0;
    }

    let blends = material.modes.x > 1.5;
    if material.modes.x > 0.5 && !blends && base.a < material.modes.y {
        discard;
    }
    if !blends {
        base.a = 1.0;
    }
    if material.modes.z > 0.5 {
        return vec4f(to_srgb(base.rgb) * base.a, base.a);
    }

    let view = normalize(frame.eye.xyz - in.position);
    // Front means counter-clockwise; a mirrored node turns that round.
    let back = front == (material.modes.w > 0.5);
    var flat_normal: vec3f;
    var roughness = metal_rough.y;
    if dot(in.normal, in.normal) < 0.25 {
        flat_normal = normalize(cross(lie.dp_dx, lie.dp_dy));
        flat_normal = select(-flat_normal, flat_normal, dot(flat_normal, view) > 0.0);
    } else {
        flat_normal = normalize(select(in.normal, -in.normal, back));
        // Where the surface turns quickly within a pixel it mirrors a wide part of the studio (Tokuyoshi and Kaplanyan
        // 2019).
        let square = roughness * roughness;
        roughness = sqrt(sqrt(min(square * square + min(0.5 * dot(turn, turn), 0.18), 1.0)));
    }
    var n = flat_normal;
    if material.emissive.w != 0.0 {
        let bump = normal_texel * vec3f(material.emissive.ww, 1.0);
        n = bent(n, bump, normal_dx, normal_dy, lie, in.normal, in.tangent, back);
    }
    let n_dot_v = clamp(dot(n, view), 0.02, 1.0);
    let metallic = metal_rough.x;
    let occlusion = 1.0 + material.surface.z * (occlusion_texel - 1.0);

    let reflectance = min(dielectric.rgb, vec3f(1.0)) * dielectric.a;
    let f0 = mix(reflectance, base.rgb, metallic);
    let f90 = mix(dielectric.a, 1.0, metallic);
    let ab = split_sum(roughness, n_dot_v);
    // Light that bounces between the facets before it leaves (Fdez-Agüera, "A multiple-scattering microfacet model for
    // real-time image-based lighting", 2019).
    let once = f0 * ab.x + f90 * ab.y;
    let lost = 1.0 - ab.x - ab.y;
    let mean = f0 + (1.0 - f0) / 21.0;
    let again = once * mean / (1.0 - lost * mean) * lost;

    let falls = irradiance(n);
    let hidden = clamp(pow(n_dot_v + occlusion, exp2(-16.0 * roughness - 1.0)) - 1.0 + occlusion, 0.0, 1.0);
    var specular = (once * reflection(reflect(-view, n), roughness) + again * falls) * hidden;
    let body = base.rgb * (1.0 - metallic) * (1.0 - once - again);
    var diffuse = body * falls * occlusion;
    var alpha = base.a;
    // What a white page behind the glass adds, and how much of whatever is there comes through.
    var page = 0.0;
    if material.surface.w > 0.0 {
        var tint = vec3f(1.0);
        if material.volume.z > 0.0 && thick > 0.0 {
            tint = pow(max(material.attenuation.rgb, vec3f(1e-4)), vec3f(thick / material.volume.z));
        }
        let passes = body * tint * through;
        diffuse = diffuse * (1.0 - through) + passes;
        page = min(passes.r, min(passes.g, passes.b));
    }

    if material.volume.w > 0.5 {
        // Fit of the Charlie lobe's integral as three.js gives it (Estevez and Kulla 2017).
        let s = max(sheen.a, 0.07);
        let s2 = s * s;
        let smooth_cloth = s < 0.25;
        let sa = select(-8.48 * s2 + 14.3 * s - 9.95, -339.2 * s2 + 161.4 * s - 25.9, smooth_cloth);
        let sb = select(1.97 * s2 - 3.27 * s + 0.72, 44.0 * s2 - 23.7 * s + 3.26, smooth_cloth);
        let fuzz = clamp((exp(sa * n_dot_v + sb) + select(0.1 * (s - 0.25), 0.0, smooth_cloth)) / 3.14159, 0.0, 1.0);
        // What the fibres take from the light below them, on average.
        let kept = 1.0 - 0.157 * max(sheen.r, max(sheen.g, sheen.b));
        specular = specular * kept + sheen.rgb * fuzz * 3.14159 * falls * occlusion;
        diffuse *= kept;
        page *= kept;
    }

    if material.coat.w > 0.5 {
        var cn = flat_normal;
        if material.coat.z != 0.0 {
            let bump = coat_texel * vec3f(material.coat.zz, 1.0);
            cn = bent(cn, bump, coat_dx, coat_dy, lie, in.normal, in.tangent, back);
        }
        let c_dot_v = clamp(dot(cn, view), 0.02, 1.0);
        let cab = split_sum(coat.y, c_dot_v);
        let lacquer = coat.x * (0.04 * cab.x + cab.y);
        let under = 1.0 - coat.x * (0.04 + 0.96 * pow(1.0 - c_dot_v, 5.0));
        specular = specular * under + lacquer * reflection(reflect(-view, cn), coat.y) * hidden;
        diffuse *= under;
        emissive *= under;
        page *= under;
    }

    var color = diffuse + specular + emissive;
    if blends {
        // Reflections stay whole where the surface is clear.
        color = diffuse * alpha + specular + emissive * alpha;
        alpha = clamp(max(alpha, max(specular.r, max(specular.g, specular.b))), 0.0, 1.0);
        color /= max(alpha, 1e-3);
    }
    let out = vec4f(to_srgb(tone_map(color)) * alpha, alpha);
    // What lies behind shines through: what a white page adds is taken out again, and left open by as much.
    let shown = to_srgb(vec3f(page * base.a)).r;
    return max(out - shown, vec4f(0.0));
}
