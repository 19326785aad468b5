"""Opens USDZ files with OpenUSD: one line of JSON each, with what its validators find and what the stage holds.

    python check.py model.usdz …
"""
import json
import sys

from pxr import Usd, UsdGeom, UsdShade, UsdValidation


def verdict(file):
    stage = Usd.Stage.Open(file)
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    found = UsdValidation.ValidationContext(validators).Validate(stage)
    found = [error for error in found if not error.HasNoError()]
    cache = UsdGeom.BBoxCache(Usd.TimeCode.Default(), [UsdGeom.Tokens.default_])
    box = cache.ComputeWorldBound(stage.GetPseudoRoot()).ComputeAlignedRange()
    meshes = [prim for prim in stage.Traverse() if prim.IsA(UsdGeom.Mesh)]
    bound = [UsdShade.MaterialBindingAPI(mesh).ComputeBoundMaterial()[0] for mesh in meshes]
    shaders = [UsdShade.Shader(prim) for prim in stage.Traverse() if prim.IsA(UsdShade.Shader)]
    files = [shader.GetInput("file").Get() for shader in shaders if shader.GetInput("file")]
    return {
        "file": file,
        "validators": len(validators),
        "problems": [error.GetErrorAsString() for error in found],
        "min": list(box.GetMin()),
        "max": list(box.GetMax()),
        "triangles": sum(len(UsdGeom.Mesh(mesh).GetFaceVertexCountsAttr().Get()) for mesh in meshes),
        "bound": sum(1 for material in bound if material),
        "meshes": len(meshes),
        "textures": len({str(asset.path) for asset in files}),
        "resolved": sum(1 for asset in files if asset.resolvedPath),
        "sampled": len(files),
        "up": str(UsdGeom.GetStageUpAxis(stage)),
        "metres": UsdGeom.GetStageMetersPerUnit(stage),
    }


for name in sys.argv[1:]:
    print(json.dumps(verdict(name)))
