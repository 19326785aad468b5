// Metallic-roughness shading (glTF 2.0, appendix B, and the KHR_materials extensions) under the prefiltered studio.
// What comes before this: the switches, and for each texture NAME a function tex_NAME() and a switch MAP_NAME.

uniform vec3 u_eye;
uniform vec2 u_studio;          // cosine and sine of the camera's azimuth: the lamps stand still, the product turns
uniform vec4 u_base_color;
uniform vec4 u_factors;         // metallic, roughness, normal scale, occlusion strength
uniform vec3 u_emissive;
uniform float u_alpha_cutoff;
uniform vec4 u_specular;        // reflectance of what is no metal, head on; strength
uniform vec3 u_coat;            // strength, roughness, normal scale
uniform vec4 u_sheen;           // colour, roughness
uniform vec4 u_volume;          // transmission, thickness in metres, index of refraction, attenuation distance
uniform vec3 u_attenuation;
uniform mat4 u_clip_from_world;
uniform vec3 u_behind;          // width and height of the picture of what is behind; its greatest level
uniform float u_raw;            // 1 while that picture is drawn: light as it is, halved
uniform highp samplerCube t_studio;
uniform highp sampler2D t_behind;

in vec3 v_world;
#ifdef HAS_NORMAL
in vec3 v_normal;
#endif
#ifdef HAS_TANGENT
in vec4 v_tangent;
#endif
#ifdef HAS_COLOR
in vec4 v_color;
#endif
layout(location = 0) out vec4 out_color;

vec3 to_studio(vec3 d) {
    return vec3(u_studio.x * d.x - u_studio.y * d.z, d.y, u_studio.y * d.x + u_studio.x * d.z);
}

// Light that falls on a matt surface, over pi.
float irradiance(vec3 n) {
    n = to_studio(n);
    return max(SH[0] + SH[1] * n.y + SH[2] * n.z + SH[3] * n.x + SH[4] * n.x * n.y + SH[5] * n.y * n.z
        + SH[6] * (3.0 * n.z * n.z - 1.0) + SH[7] * n.x * n.z + SH[8] * (n.x * n.x - n.y * n.y), 0.0);
}

float reflection(vec3 r, float roughness) {
    return textureLod(t_studio, to_studio(r), roughness * LAST_LEVEL).r;
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

// Bends a normal by a texture's; tangents come from the file, or from how the texture lies on the screen.
vec3 bent(vec3 n, vec3 bump, vec2 uv) {
#ifdef HAS_TANGENT
    vec3 t = normalize(v_tangent.xyz);
    vec3 b = cross(normalize(v_normal), t) * v_tangent.w;
    // A back face has the same texture, its normal turned round.
    if (!gl_FrontFacing) { t = -t; b = -b; }
    return normalize(t * bump.x + b * bump.y + n * bump.z);
#else
    vec3 dp1 = dFdx(v_world), dp2 = dFdy(v_world);
    vec2 duv1 = dFdx(uv), duv2 = dFdy(uv);
    vec3 dp2perp = cross(dp2, n), dp1perp = cross(n, dp1);
    vec3 t = dp2perp * duv1.x + dp1perp * duv2.x;
    vec3 b = dp2perp * duv1.y + dp1perp * duv2.y;
    float scale = inversesqrt(max(max(dot(t, t), dot(b, b)), 1e-20));
    // The texture's rows run down, its green points up.
    return normalize(t * scale * bump.x - b * scale * bump.y + n * bump.z);
#endif
}

void finish(vec3 color, float alpha) {
    out_color = u_raw > 0.5 ? vec4(color * 0.5 * alpha, alpha) : vec4(to_srgb(tone_map(color)) * alpha, alpha);
}

void main() {
    vec4 base = u_base_color;
#ifdef HAS_COLOR
    base *= v_color;
#endif
#ifdef MAP_BASE
    base *= tex_BASE();
#endif
#ifdef ALPHA_MASK
    if (base.a < u_alpha_cutoff) discard;
#endif
#ifndef ALPHA_BLEND
    base.a = 1.0;
#endif
    vec3 emissive = u_emissive;
#ifdef MAP_EMISSIVE
    emissive *= tex_EMISSIVE().rgb;
#endif
#ifdef UNLIT
    out_color = u_raw > 0.5 ? vec4(base.rgb * 0.5 * base.a, base.a) : vec4(to_srgb(base.rgb) * base.a, base.a);
#else
    vec2 metal_rough = u_factors.xy;
#ifdef MAP_METAL_ROUGH
    metal_rough *= tex_METAL_ROUGH().bg;
#endif
    float occlusion = 1.0;
#ifdef MAP_OCCLUSION
    occlusion += u_factors.w * (tex_OCCLUSION().r - 1.0);
#endif
    vec3 view = normalize(u_eye - v_world);
#ifdef HAS_NORMAL
    vec3 flat_normal = normalize(v_normal);
    if (!gl_FrontFacing) flat_normal = -flat_normal;
#else
    vec3 flat_normal = normalize(cross(dFdx(v_world), dFdy(v_world)));
#endif
    vec3 n = flat_normal;
#ifdef MAP_NORMAL
    n = bent(n, (tex_NORMAL().xyz * 2.0 - 1.0) * vec3(u_factors.zz, 1.0), uv_NORMAL());
#endif
    float n_dot_v = clamp(dot(n, view), 0.02, 1.0);
    float metallic = metal_rough.x;
    float roughness = metal_rough.y;
#ifdef HAS_NORMAL
    // Where the surface turns quickly within a pixel it mirrors a wide part of the studio (Tokuyoshi and Kaplanyan 2019).
    vec3 dn = fwidth(flat_normal);
    roughness = sqrt(sqrt(min(roughness * roughness * roughness * roughness + min(0.5 * dot(dn, dn), 0.18), 1.0)));
#endif

    vec4 dielectric = u_specular;
#ifdef MAP_SPECULAR
    dielectric.a *= tex_SPECULAR().a;
#endif
#ifdef MAP_SPECULAR_COLOR
    dielectric.rgb *= tex_SPECULAR_COLOR().rgb;
#endif
    dielectric.rgb = min(dielectric.rgb, 1.0) * dielectric.a;
    vec3 f0 = mix(dielectric.rgb, base.rgb, metallic);
    float f90 = mix(dielectric.a, 1.0, metallic);
    vec2 ab = brdf(roughness, n_dot_v);
    // Light that bounces between the facets before it leaves (Fdez-Agüera, "A multiple-scattering microfacet model for
    // real-time image-based lighting", 2019).
    vec3 once = f0 * ab.x + f90 * ab.y;
    float lost = 1.0 - ab.x - ab.y;
    vec3 mean = f0 + (1.0 - f0) / 21.0;
    vec3 again = once * mean / (1.0 - lost * mean) * lost;

    vec3 r = reflect(-view, n);
    float falls = irradiance(n);
    float hidden = clamp(pow(n_dot_v + occlusion, exp2(-16.0 * roughness - 1.0)) - 1.0 + occlusion, 0.0, 1.0);
    vec3 specular = (once * reflection(r, roughness) + again * falls) * hidden;
    vec3 body = base.rgb * (1.0 - metallic) * (1.0 - once - again);
    vec3 diffuse = body * falls * occlusion;
    float alpha = base.a;
    // What the page behind the canvas adds where it is white, and how much of any page comes through.
    float page = 0.0;

#ifdef TRANSMIT
    float through = u_volume.x;
#ifdef MAP_TRANSMISSION
    through *= tex_TRANSMISSION().r;
#endif
    vec3 exit = v_world;
    vec3 tint = vec3(1.0);
#ifdef VOLUME
    float thick = u_volume.y;
#ifdef MAP_THICKNESS
    thick *= tex_THICKNESS().g;
#endif
    exit += normalize(refract(-view, n, 1.0 / u_volume.z)) * thick;
    if (u_volume.w > 0.0) tint = pow(max(u_attenuation, vec3(1e-4)), vec3(thick / u_volume.w));
#endif
    vec4 seen = u_clip_from_world * vec4(exit, 1.0);
    float blur = roughness * clamp(u_volume.z * 2.0 - 2.0, 0.0, 1.0) * u_behind.z;
    vec4 behind = textureLod(t_behind, seen.xy / seen.w * 0.5 + 0.5, blur);
    vec3 passes = body * tint * through;
    float open = 1.0 - behind.a;
    diffuse = diffuse * (1.0 - through) + passes * (behind.rgb * 2.0 + open);
    page = open * min(passes.r, min(passes.g, passes.b));
#endif

#ifdef SHEEN
    vec4 sheen = u_sheen;
#ifdef MAP_SHEEN_COLOR
    sheen.rgb *= tex_SHEEN_COLOR().rgb;
#endif
#ifdef MAP_SHEEN_ROUGHNESS
    sheen.a *= tex_SHEEN_ROUGHNESS().a;
#endif
    // Fit of the Charlie lobe's integral as three.js gives it (Estevez and Kulla 2017).
    float s = max(sheen.a, 0.07), s2 = s * s;
    float sa = s < 0.25 ? -339.2 * s2 + 161.4 * s - 25.9 : -8.48 * s2 + 14.3 * s - 9.95;
    float sb = s < 0.25 ? 44.0 * s2 - 23.7 * s + 3.26 : 1.97 * s2 - 3.27 * s + 0.72;
    float fuzz = clamp((exp(sa * n_dot_v + sb) + (s < 0.25 ? 0.0 : 0.1 * (s - 0.25))) / 3.14159, 0.0, 1.0);
    // What the fibres take from the light below them, on average.
    float kept = 1.0 - 0.157 * max(sheen.r, max(sheen.g, sheen.b));
    specular = specular * kept + sheen.rgb * fuzz * 3.14159 * falls * occlusion;
    diffuse *= kept;
    page *= kept;
#endif

#ifdef COAT
    vec2 coat = u_coat.xy;
#ifdef MAP_COAT
    coat.x *= tex_COAT().r;
#endif
#ifdef MAP_COAT_ROUGHNESS
    coat.y *= tex_COAT_ROUGHNESS().g;
#endif
    vec3 cn = flat_normal;
#ifdef MAP_COAT_NORMAL
    cn = bent(cn, (tex_COAT_NORMAL().xyz * 2.0 - 1.0) * vec3(u_coat.zz, 1.0), uv_COAT_NORMAL());
#endif
    float c_dot_v = clamp(dot(cn, view), 0.02, 1.0);
    vec2 cab = brdf(coat.y, c_dot_v);
    float lacquer = coat.x * (0.04 * cab.x + cab.y);
    float under = 1.0 - coat.x * (0.04 + 0.96 * pow(1.0 - c_dot_v, 5.0));
    specular = specular * under + lacquer * reflection(reflect(-view, cn), coat.y) * hidden;
    diffuse *= under;
    emissive *= under;
    page *= under;
#endif

#ifdef ALPHA_BLEND
    // Reflections stay whole where the surface is clear.
    vec3 color = diffuse * alpha + specular + emissive * alpha;
    alpha = clamp(max(alpha, max(specular.r, max(specular.g, specular.b))), 0.0, 1.0);
    finish(color / max(alpha, 1e-3), alpha);
#else
    finish(diffuse + specular + emissive, 1.0);
#endif
#ifdef TRANSMIT
    // The page itself shines through: what a white one adds is taken out again, and left open by as much.
    float gap = page * base.a * (1.0 - u_raw);
    float shown = to_srgb(vec3(gap)).r;
    out_color = vec4(max(out_color.rgb - shown, 0.0), max(out_color.a - shown, 0.0));
#endif
#endif
}
