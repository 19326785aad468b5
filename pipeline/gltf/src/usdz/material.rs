//! Materials as `UsdPreviewSurface` (Pixar, "`UsdPreviewSurface` specification", version 2.6).

use std::fmt::Write;

use serde_json::Value;

use super::pictures::Pictures;
use crate::Document;
use crate::json::{Extra, Material, TextureInfo};

/// How much of what glass lets through is shown as clear: opacity is all that the surface knows.
const CLEARNESS: f64 = 0.85;

/// The path of a material, that of the default one where a primitive has none.
pub(super) fn path(document: &Document, material: Option<usize>) -> String {
    let index = material.unwrap_or(document.root.materials.len());
    format!("/Root/Materials/Material{index}")
}

fn factor(extensions: &Extra, name: &str, member: &str) -> Option<f64> {
    extensions.get(name)?.get(member)?.as_f64()
}

/// A texture's use by one input.
struct Sampled<'a> {
    name: &'a str,
    info: &'a TextureInfo,
    /// `sRGB` or `raw`.
    space: &'a str,
    scale: [f64; 4],
    bias: [f64; 4],
}

struct Writer<'a> {
    text: &'a mut String,
    document: &'a Document,
    pictures: &'a Pictures,
    path: String,
    inputs: String,
}

/// Writes the material `index`; the one after the last is glTF's default.
pub(super) fn write(text: &mut String, document: &Document, pictures: &Pictures, index: usize) {
    let plain = Material::default();
    let material = document.root.materials.get(index).unwrap_or(&plain);
    let path = path(document, Some(index));
    let _ = write!(
        text,
        "        def Material \"Material{index}\"\n        {{\n            \
         token outputs:surface.connect = <{path}/Surface.outputs:surface>\n"
    );
    let mut writer = Writer {
        text,
        document,
        pictures,
        path,
        inputs: String::new(),
    };
    writer.surface(material, has_colors(document, index));
    let inputs = writer.inputs;
    let _ = write!(
        text,
        "            def Shader \"Surface\"\n            {{\n                \
         uniform token info:id = \"UsdPreviewSurface\"\n                int inputs:useSpecularWorkflow = 0\n\
         {inputs}                token outputs:surface\n            }}\n        }}\n"
    );
}

/// Whether a primitive with this material has vertex colours.
fn has_colors(document: &Document, material: usize) -> bool {
    let mut primitives = document
        .root
        .meshes
        .iter()
        .flat_map(|mesh| &mesh.primitives);
    primitives.any(|primitive| {
        primitive.material == Some(material) && primitive.attributes.contains_key("COLOR_0")
    })
}

impl Writer<'_> {
    /// Writes the textures, and collects the surface's inputs.
    fn surface(&mut self, material: &Material, has_colors: bool) {
        let unlit = material.extensions.contains_key("KHR_materials_unlit");
        self.base_color(material, has_colors, unlit);
        if unlit {
            self.line("float inputs:roughness = 1");
        } else {
            self.metal_rough(material);
            self.emission(material);
        }
        self.bumps(material);
        for (name, member, input) in [
            ("KHR_materials_clearcoat", "clearcoatFactor", "clearcoat"),
            (
                "KHR_materials_clearcoat",
                "clearcoatRoughnessFactor",
                "clearcoatRoughness",
            ),
            ("KHR_materials_ior", "ior", "ior"),
        ] {
            if let Some(value) = factor(&material.extensions, name, member) {
                self.line(&format!("float inputs:{input} = {value}"));
            }
        }
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.inputs, "                {text}");
    }

    fn base_color(&mut self, material: &Material, has_colors: bool, unlit: bool) {
        let pbr = &material.pbr_metallic_roughness;
        let [r, g, b, a] = pbr.base_color_factor.unwrap_or([1.0; 4]).map(f64::from);
        let mode = material.alpha_mode.as_deref().unwrap_or("OPAQUE");
        let transmission = "KHR_materials_transmission";
        let transmitted = factor(&material.extensions, transmission, "transmissionFactor");
        let clear = 1.0 - CLEARNESS * transmitted.unwrap_or(0.0).clamp(0.0, 1.0);
        let alpha = if mode == "OPAQUE" { clear } else { a * clear };
        let base = pbr.base_color_texture.as_ref().and_then(|info| {
            self.texture(&Sampled {
                name: "base",
                info,
                space: "sRGB",
                scale: [r, g, b, alpha],
                bias: [0.0; 4],
            })
        });
        // Light of its own is the nearest that there is to a surface without shading.
        let color = if unlit {
            self.line("color3f inputs:diffuseColor = (0, 0, 0)");
            "emissiveColor"
        } else {
            "diffuseColor"
        };
        match &base {
            Some(base) => self.line(&format!(
                "color3f inputs:{color}.connect = <{base}.outputs:rgb>"
            )),
            None if has_colors && [r, g, b].iter().all(|&value| value >= 1.0) => {
                let reader = self.colors();
                self.line(&format!(
                    "color3f inputs:{color}.connect = <{reader}.outputs:result>"
                ));
            }
            None => self.line(&format!("color3f inputs:{color} = ({r}, {g}, {b})")),
        }
        match &base {
            Some(base) if mode != "OPAQUE" => {
                self.line(&format!(
                    "float inputs:opacity.connect = <{base}.outputs:a>"
                ));
            }
            _ => self.line(&format!("float inputs:opacity = {alpha}")),
        }
        if mode == "MASK" {
            let cutoff = material.alpha_cutoff.unwrap_or(0.5);
            self.line(&format!("float inputs:opacityThreshold = {cutoff}"));
        }
    }

    fn metal_rough(&mut self, material: &Material) {
        let pbr = &material.pbr_metallic_roughness;
        let metallic = f64::from(pbr.metallic_factor.unwrap_or(1.0));
        let roughness = f64::from(pbr.roughness_factor.unwrap_or(1.0));
        let packed = pbr.metallic_roughness_texture.as_ref().and_then(|info| {
            self.texture(&Sampled {
                name: "metalRough",
                info,
                space: "raw",
                scale: [1.0, roughness, metallic, 1.0],
                bias: [0.0; 4],
            })
        });
        if let Some(packed) = packed {
            self.line(&format!(
                "float inputs:roughness.connect = <{packed}.outputs:g>"
            ));
            self.line(&format!(
                "float inputs:metallic.connect = <{packed}.outputs:b>"
            ));
        } else {
            self.line(&format!("float inputs:roughness = {roughness}"));
            self.line(&format!("float inputs:metallic = {metallic}"));
        }
    }

    fn bumps(&mut self, material: &Material) {
        let normal = material.normal_texture.as_ref().and_then(|info| {
            let s = f64::from(info.scale.unwrap_or(1.0));
            self.texture(&Sampled {
                name: "normal",
                info,
                space: "raw",
                scale: [2.0 * s, 2.0 * s, 2.0, 1.0],
                bias: [-s, -s, -1.0, 0.0],
            })
        });
        if let Some(normal) = normal {
            self.line(&format!(
                "normal3f inputs:normal.connect = <{normal}.outputs:rgb>"
            ));
        }
        let occlusion = material.occlusion_texture.as_ref().and_then(|info| {
            let s = f64::from(info.strength.unwrap_or(1.0));
            self.texture(&Sampled {
                name: "occlusion",
                info,
                space: "raw",
                scale: [s, s, s, 1.0],
                bias: [1.0 - s, 1.0 - s, 1.0 - s, 0.0],
            })
        });
        if let Some(occlusion) = occlusion {
            self.line(&format!(
                "float inputs:occlusion.connect = <{occlusion}.outputs:r>"
            ));
        }
    }

    fn emission(&mut self, material: &Material) {
        let name = "KHR_materials_emissive_strength";
        let strength = factor(&material.extensions, name, "emissiveStrength").unwrap_or(1.0);
        let emissive = material.emissive_factor.unwrap_or([0.0; 3]);
        let [r, g, b] = emissive.map(|value| f64::from(value) * strength);
        let map = material.emissive_texture.as_ref().and_then(|info| {
            self.texture(&Sampled {
                name: "emissive",
                info,
                space: "sRGB",
                scale: [r, g, b, 1.0],
                bias: [0.0; 4],
            })
        });
        if let Some(map) = map {
            self.line(&format!(
                "color3f inputs:emissiveColor.connect = <{map}.outputs:rgb>"
            ));
        } else if [r, g, b].iter().any(|&value| value > 0.0) {
            self.line(&format!("color3f inputs:emissiveColor = ({r}, {g}, {b})"));
        }
    }

    /// Writes what reads the vertices' colours; gives its path.
    fn colors(&mut self) -> String {
        self.text.push_str(
            "            def Shader \"colors\"\n            {\n                \
             uniform token info:id = \"UsdPrimvarReader_float3\"\n                \
             string inputs:varname = \"displayColor\"\n                float3 outputs:result\n            }\n",
        );
        format!("{}/colors", self.path)
    }

    /// Writes a texture with what places it; gives its path, or nothing where its picture is left out.
    fn texture(&mut self, sampled: &Sampled<'_>) -> Option<String> {
        let Sampled { name, info, .. } = sampled;
        let file = self.pictures.file(self.document, info)?;
        let transform = info.extensions.get("KHR_texture_transform");
        let member = |member: &str| transform.and_then(|transform| transform.get(member));
        let set = member("texCoord")
            .and_then(Value::as_u64)
            .unwrap_or(u64::from(info.tex_coord));
        let variable = if set == 0 { "st" } else { "st1" };
        let path = self.path.clone();
        let mut coordinates = format!("{path}/{name}Reader");
        let _ = write!(
            self.text,
            "            def Shader \"{name}Reader\"\n            {{\n                \
             uniform token info:id = \"UsdPrimvarReader_float2\"\n                \
             string inputs:varname = \"{variable}\"\n                float2 outputs:result\n            }}\n"
        );
        if transform.is_some() {
            let pair = |name: &str, absent: f64| {
                let value = |index: usize| member(name).and_then(|pair| pair.get(index)?.as_f64());
                [value(0).unwrap_or(absent), value(1).unwrap_or(absent)]
            };
            let ([su, sv], [tu, tv]) = (pair("scale", 1.0), pair("offset", 0.0));
            let angle = member("rotation").and_then(Value::as_f64).unwrap_or(0.0);
            let (sin, cos) = angle.sin_cos();
            // The same with the origin at the bottom left.
            let (u, v) = (tu + sin * sv, 1.0 - cos * sv - tv);
            let _ = write!(
                self.text,
                "            def Shader \"{name}Transform\"\n            {{\n                \
                 uniform token info:id = \"UsdTransform2d\"\n                \
                 float2 inputs:in.connect = <{coordinates}.outputs:result>\n                \
                 float inputs:rotation = {}\n                float2 inputs:scale = ({su}, {sv})\n                \
                 float2 inputs:translation = ({u}, {v})\n                float2 outputs:result\n            }}\n",
                angle.to_degrees()
            );
            coordinates = format!("{path}/{name}Transform");
        }
        let sampler = self.document.root.textures[info.index].sampler;
        let sampler = sampler.and_then(|sampler| self.document.root.samplers.get(sampler));
        let wrap = |member: &str| match sampler.and_then(|s| s.get(member)?.as_u64()) {
            Some(33071) => "clamp",
            Some(33648) => "mirror",
            _ => "repeat",
        };
        let four = |[x, y, z, w]: [f64; 4]| format!("({x}, {y}, {z}, {w})");
        let _ = write!(
            self.text,
            "            def Shader \"{name}\"\n            {{\n                \
             uniform token info:id = \"UsdUVTexture\"\n                asset inputs:file = @{file}@\n                \
             float2 inputs:st.connect = <{coordinates}.outputs:result>\n                \
             token inputs:sourceColorSpace = \"{}\"\n                token inputs:wrapS = \"{}\"\n                \
             token inputs:wrapT = \"{}\"\n                float4 inputs:scale = {}\n                \
             float4 inputs:bias = {}\n                float outputs:r\n                float outputs:g\n                \
             float outputs:b\n                float outputs:a\n                float3 outputs:rgb\n            }}\n",
            sampled.space,
            wrap("wrapS"),
            wrap("wrapT"),
            four(sampled.scale),
            four(sampled.bias),
        );
        Some(format!("{path}/{name}"))
    }
}
