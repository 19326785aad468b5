// Metallic-roughness shading (glTF 2.0, appendix B) under a studio of soft boxes.
// The studio is a sum of spherical Gaussians, so that blurring it by roughness is a formula and needs no texture.

uniform vec3 u_eye;
uniform vec2 u_studio;          // cosine and sine of the camera's azimuth: the lamps stand still, the product turns
uniform vec4 u_base_color;
uniform vec2 u_metal_rough;
uniform vec3 u_emissive;
uniform float u_alpha_cutoff;
uniform float u_normal_scale;
uniform float u_occlusion_strength;

// Each texture: where it is, what turns its coordinates, which set of them it uses.
#ifdef MAP_BASE
uniform sampler2D t_base;
uniform mat3 m_base;
uniform float s_base;
#endif
#ifdef MAP_METAL_ROUGH
uniform sampler2D t_metal_rough;
uniform mat3 m_metal_rough;
uniform float s_metal_rough;
#endif
#ifdef MAP_NORMAL
uniform sampler2D t_normal;
uniform mat3 m_normal;
uniform float s_normal;
#endif
#ifdef MAP_OCCLUSION
uniform sampler2D t_occlusion;
uniform mat3 m_occlusion;
uniform float s_occlusion;
#endif
#ifdef MAP_EMISSIVE
uniform sampler2D t_emissive;
uniform mat3 m_emissive;
uniform float s_emissive;
#endif

in vec3 v_world;
in vec3 v_normal;
in vec4 v_uv;
in vec4 v_color;
layout(location = 0) out vec4 out_color;

vec2 place(mat3 transform, float set) {
    return (transform * vec3(set > 0.5 ? v_uv.zw : v_uv.xy, 1.0)).xy;
}

// Direction and sharpness, brightness, of each soft box. The camera looks along -Z.
const int LAMPS = 6;
const vec4 LAMP[6] = vec4[6](
    vec4(-0.576, 0.624, 0.528, 6.0),
    vec4(0.820, 0.256, 0.512, 4.5),
    vec4(0.000, 0.995, 0.100, 5.0),
    vec4(-0.766, 0.287, -0.575, 8.0),
    vec4(0.721, 0.385, -0.577, 8.0),
    vec4(0.962, 0.192, 0.192, 24.0)
);
const float BRIGHT[6] = float[6](2.5, 0.95, 1.9, 1.4, 1.7, 2.6);
const vec3 SKY = vec3(0.56, 0.57, 0.58);
const vec3 FLOOR = vec3(0.36, 0.355, 0.345);

vec3 ambient(float up) {
    return mix(FLOOR, SKY, 0.5 + 0.5 * up);
}

vec3 to_studio(vec3 d) {
    return vec3(u_studio.x * d.x - u_studio.y * d.z, d.y, u_studio.y * d.x + u_studio.x * d.z);
}

// Light that falls on a surface, over pi.
vec3 irradiance(vec3 n) {
    vec3 sum = ambient(n.y) * 0.85;
    for (int i = 0; i < LAMPS; i++) {
        float wrapped = max(dot(n, LAMP[i].xyz) + 0.35, 0.0) / 1.35;
        sum += BRIGHT[i] * 2.0 / LAMP[i].w * wrapped * wrapped;
    }
    return sum;
}

// What a lobe of this roughness around r sees.
vec3 reflection(vec3 r, float alpha, float n_dot_v) {
    float lobe = 1.0 / (2.0 * alpha * alpha * max(n_dot_v, 0.15));
    vec3 sum = ambient(r.y * (1.0 - 0.7 * alpha)) * 0.8;
    for (int i = 0; i < LAMPS; i++) {
        float sharp = LAMP[i].w;
        float blurred = sharp * lobe / (sharp + lobe);
        sum += BRIGHT[i] * blurred / sharp * exp(blurred * (dot(r, LAMP[i].xyz) - 1.0));
    }
    return sum;
}

// Fit of the split-sum BRDF integral (Lazarov 2013, as given by Karis for mobile).
vec2 brdf(float roughness, float n_dot_v) {
    vec4 r = roughness * vec4(-1.0, -0.0275, -0.572, 0.022) + vec4(1.0, 0.0425, 1.04, -0.04);
    float a = min(r.x * r.x, exp2(-9.28 * n_dot_v)) * r.x + r.y;
    return vec2(-1.04, 1.04) * a + r.zw;
}

// Khronos PBR Neutral tone mapper: base colours up to 0.8 stay as they are.
vec3 tone_map(vec3 color) {
    float least = min(color.r, min(color.g, color.b));
    float offset = least < 0.08 ? least - 6.25 * least * least : 0.04;
    color -= offset;
    float peak = max(color.r, max(color.g, color.b));
    const float start = 0.8 - 0.04;
    if (peak < start) return color;
    const float d = 1.0 - start;
    float pressed = 1.0 - d * d / (peak + d - start);
    color *= pressed / peak;
    float g = 1.0 - 1.0 / (0.15 * (peak - pressed) + 1.0);
    return mix(color, vec3(pressed), g);
}

vec3 to_srgb(vec3 c) {
    c = clamp(c, 0.0, 1.0);
    return mix(12.92 * c, 1.055 * pow(c, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, c));
}

vec3 surface_normal(vec3 view) {
#ifdef HAS_NORMAL
    vec3 n = normalize(v_normal);
    if (!gl_FrontFacing) n = -n;
#else
    vec3 n = normalize(cross(dFdx(v_world), dFdy(v_world)));
#endif
#ifdef MAP_NORMAL
    vec2 uv = place(m_normal, s_normal);
    vec3 dp1 = dFdx(v_world), dp2 = dFdy(v_world);
    vec2 duv1 = dFdx(uv), duv2 = dFdy(uv);
    vec3 dp2perp = cross(dp2, n), dp1perp = cross(n, dp1);
    vec3 t = dp2perp * duv1.x + dp1perp * duv2.x;
    vec3 b = dp2perp * duv1.y + dp1perp * duv2.y;
    float scale = inversesqrt(max(max(dot(t, t), dot(b, b)), 1e-20));
    vec3 bump = texture(t_normal, uv).xyz * 2.0 - 1.0;
    bump.xy *= u_normal_scale;
    // The texture's rows run down, its green points up.
    n = normalize(t * scale * bump.x - b * scale * bump.y + n * bump.z);
#endif
    return n;
}

void main() {
    vec4 base = u_base_color * v_color;
#ifdef MAP_BASE
    base *= texture(t_base, place(m_base, s_base));
#endif
#ifdef ALPHA_MASK
    if (base.a < u_alpha_cutoff) discard;
#endif
#ifndef ALPHA_BLEND
    base.a = 1.0;
#endif
    vec3 emissive = u_emissive;
#ifdef MAP_EMISSIVE
    emissive *= texture(t_emissive, place(m_emissive, s_emissive)).rgb;
#endif
#ifdef UNLIT
    out_color = vec4(to_srgb(base.rgb) * base.a, base.a);
#else
    vec2 metal_rough = u_metal_rough;
#ifdef MAP_METAL_ROUGH
    metal_rough *= texture(t_metal_rough, place(m_metal_rough, s_metal_rough)).bg;
#endif
    float occlusion = 1.0;
#ifdef MAP_OCCLUSION
    occlusion += u_occlusion_strength * (texture(t_occlusion, place(m_occlusion, s_occlusion)).r - 1.0);
#endif
    vec3 view = normalize(u_eye - v_world);
    vec3 n = surface_normal(view);
    float n_dot_v = clamp(dot(n, view), 0.02, 1.0);
    float metallic = clamp(metal_rough.x, 0.0, 1.0);
    float roughness = clamp(metal_rough.y, 0.045, 1.0);
#ifdef GLASS
    // The rim of a vessel bends dark surroundings into view; that is how glass is seen at all.
    float rim = pow(1.0 - n_dot_v, 2.5);
    base = vec4(base.rgb * (1.0 - 0.75 * rim), mix(base.a, 0.6, rim));
#endif
    vec3 f0 = mix(vec3(0.04), base.rgb, metallic);
    vec2 ab = brdf(roughness, n_dot_v);
    vec3 specular_part = f0 * ab.x + ab.y;
    vec3 r = reflect(-view, n);
    vec3 diffuse = base.rgb * (1.0 - metallic) * (1.0 - specular_part) * irradiance(to_studio(n));
    vec3 specular = specular_part * reflection(to_studio(r), roughness * roughness, n_dot_v);
    vec3 color = (diffuse + specular) * occlusion + emissive;
    // Blended glass keeps its reflections where it is clear.
    float shine = max(specular.r, max(specular.g, specular.b));
    float alpha = base.a;
#ifdef ALPHA_BLEND
    color = diffuse * occlusion * alpha + specular * occlusion + emissive;
    alpha = clamp(max(alpha, shine), 0.0, 1.0);
    out_color = vec4(to_srgb(tone_map(color / max(alpha, 1e-3))) * alpha, alpha);
#else
    out_color = vec4(to_srgb(tone_map(color)), 1.0);
#endif
#endif
}
