in vec2 v_place;
layout(location = 0) out vec4 out_color;

void main() {
    float d = length(v_place);
    float core = 1.0 - smoothstep(0.45, 0.80, d);
    float halo = 1.0 - smoothstep(0.30, 1.0, d);
    out_color = vec4(0.0, 0.0, 0.0, 0.26 * core + 0.14 * halo * halo);
}
