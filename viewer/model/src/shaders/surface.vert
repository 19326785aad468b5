// Vertices: shaped, bent, placed. What a part lacks is left out by the switches.

layout(location = 0) in vec3 a_position;
layout(location = 1) in vec3 a_normal;
layout(location = 2) in vec2 a_uv0;
layout(location = 3) in vec2 a_uv1;
layout(location = 4) in vec4 a_color;
layout(location = 5) in vec4 a_tangent;
layout(location = 6) in vec4 a_joints;
layout(location = 7) in vec4 a_weights;

uniform mat4 u_clip_from_world;
uniform mat4 u_world_from_local;
uniform mat3 u_normal_matrix;

out vec3 v_world;
// Only what there is: each of these costs every triangle and every pixel.
#ifdef HAS_NORMAL
out vec3 v_normal;
#endif
#ifdef HAS_TANGENT
out vec4 v_tangent;
#endif
#ifdef HAS_UV1
out vec4 v_uv;
#elif defined(HAS_UV0)
out vec2 v_uv;
#endif
#ifdef HAS_COLOR
out vec4 v_color;
#endif

#ifdef SKIN
// Four texels a joint, 64 joints a row: the columns of its matrix.
uniform highp sampler2D t_joints;

mat4 joint(float number) {
    int n = int(number);
    ivec2 at = ivec2((n & 63) * 4, n >> 6);
    return mat4(
        texelFetch(t_joints, at, 0),
        texelFetch(t_joints, at + ivec2(1, 0), 0),
        texelFetch(t_joints, at + ivec2(2, 0), 0),
        texelFetch(t_joints, at + ivec2(3, 0), 0)
    );
}
#endif

#ifdef SHAPES
// Two texels a vertex, for one target after another: what it adds to the position and to the normal.
uniform highp sampler2D t_shapes;
uniform vec2 u_shapes[8];       // which target, how much of it
uniform float u_vertices;

vec3 delta(int target, int part) {
    int i = (target * int(u_vertices) + gl_VertexID) * 2 + part;
    int wide = textureSize(t_shapes, 0).x;
    return texelFetch(t_shapes, ivec2(i % wide, i / wide), 0).xyz;
}
#endif

void main() {
    vec3 position = a_position;
    vec3 normal = a_normal;
    vec3 tangent = a_tangent.xyz;
#ifdef SHAPES
    for (int i = 0; i < 8; i++) {
        if (u_shapes[i].y == 0.0) break;
        position += delta(int(u_shapes[i].x), 0) * u_shapes[i].y;
        normal += delta(int(u_shapes[i].x), 1) * u_shapes[i].y;
    }
#endif
    mat4 place = u_world_from_local;
    mat3 turn = u_normal_matrix;
#ifdef SKIN
    float whole = max(dot(a_weights, vec4(1.0)), 1e-6);
    place = (joint(a_joints.x) * a_weights.x + joint(a_joints.y) * a_weights.y
        + joint(a_joints.z) * a_weights.z + joint(a_joints.w) * a_weights.w) * (1.0 / whole);
    turn = mat3(place);
#endif
    vec4 world = place * vec4(position, 1.0);
    v_world = world.xyz;
#ifdef HAS_NORMAL
    v_normal = turn * normal;
#endif
#ifdef HAS_TANGENT
    v_tangent = vec4(mat3(place) * tangent, a_tangent.w);
#endif
#ifdef HAS_UV1
    v_uv = vec4(a_uv0, a_uv1);
#elif defined(HAS_UV0)
    v_uv = a_uv0;
#endif
#ifdef HAS_COLOR
    v_color = a_color;
#endif
    gl_Position = u_clip_from_world * world;
    gl_PointSize = 2.0;
}
