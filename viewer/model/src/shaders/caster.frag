// What a part of the model adds to the shadow on the floor, seen from below: more the nearer it is.

uniform vec4 u_base_color;
uniform float u_alpha_cutoff;
uniform vec2 u_floor;           // height of the floor; height over which a shadow fades
in vec3 v_world;
#ifdef HAS_COLOR
in vec4 v_color;
#endif
layout(location = 0) out vec4 out_color;

void main() {
    float alpha = u_base_color.a;
#ifdef HAS_COLOR
    alpha *= v_color.a;
#endif
#ifdef MAP_BASE
    alpha *= tex_BASE().a;
#endif
#ifdef ALPHA_MASK
    if (alpha < u_alpha_cutoff) discard;
#endif
    float height = clamp((v_world.y - u_floor.x) / u_floor.y, 0.0, 1.0);
    // Dark where it stands, and a wide soft part from all that is above.
    float touch = exp2(-14.0 * height);
    float cover = (1.0 - height) * (1.0 - height);
    out_color = vec4(touch, cover, 0.0, 1.0) * alpha;
}
