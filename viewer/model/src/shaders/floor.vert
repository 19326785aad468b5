uniform mat4 u_clip_from_world;
uniform vec3 u_center;
uniform float u_half;
out vec2 v_place;

void main() {
    // Two triangles from the vertex number alone.
    vec2 corner = vec2((gl_VertexID & 1) == 0 ? -1.0 : 1.0, (gl_VertexID & 2) == 0 ? -1.0 : 1.0);
    v_place = corner * 0.5 + 0.5;
    vec3 world = u_center + vec3(corner.x * u_half, 0.0, corner.y * u_half);
    gl_Position = u_clip_from_world * vec4(world, 1.0);
}
