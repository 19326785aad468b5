// The blurred shadow, as darkness over the page.
uniform sampler2D t_shadow;
in vec2 v_place;
layout(location = 0) out vec4 out_color;

void main() {
    vec2 shadow = texture(t_shadow, v_place).rg;
    // Dithered by a fraction of a step, or the long slope would show its steps.
    float grain = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715)))) - 0.5;
    float dark = 1.0 - (1.0 - 0.42 * shadow.r) * (1.0 - 0.34 * shadow.g);
    out_color = vec4(0.0, 0.0, 0.0, max(dark + grain / 255.0, 0.0));
}
