// One direction of a blur by a Gaussian; the touch in red is kept narrower than the cover in green.
uniform sampler2D t_source;
uniform vec2 u_step;
in vec2 v_place;
layout(location = 0) out vec4 out_color;

void main() {
    vec2 sum = vec2(0.0), whole = vec2(0.0);
    for (int i = -12; i <= 12; i++) {
        float at = float(i) / 6.0;
        vec2 weight = exp(-vec2(14.0, 2.2) * at * at);
        sum += texture(t_source, v_place + u_step * float(i)).rg * weight;
        whole += weight;
    }
    out_color = vec4(sum / whole, 0.0, 1.0);
}
