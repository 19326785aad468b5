layout(location = 0) in vec3 a_position;
layout(location = 1) in vec3 a_normal;
layout(location = 2) in vec2 a_uv0;
layout(location = 3) in vec2 a_uv1;
layout(location = 4) in vec4 a_color;

uniform mat4 u_clip_from_world;
uniform mat4 u_world_from_local;
uniform mat3 u_normal_matrix;

out vec3 v_world;
out vec3 v_normal;
out vec4 v_uv;
out vec4 v_color;

void main() {
    vec4 world = u_world_from_local * vec4(a_position, 1.0);
    v_world = world.xyz;
#ifdef HAS_NORMAL
    v_normal = u_normal_matrix * a_normal;
#else
    v_normal = vec3(0.0);
#endif
    v_uv = vec4(0.0);
#ifdef HAS_UV0
    v_uv.xy = a_uv0;
#endif
#ifdef HAS_UV1
    v_uv.zw = a_uv1;
#endif
    v_color = vec4(1.0);
#ifdef HAS_COLOR
    v_color = a_color;
#endif
    gl_Position = u_clip_from_world * world;
}
