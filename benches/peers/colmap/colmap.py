"""COLMAP's usual way through the photos of a folder: features, all pairs, incremental mapping; one camera.

colmap.py <photos> <work folder> <report.json> [photo to leave out]...
"""
import json
import os
import sys

import pycolmap

photos, work, report, *left_out = sys.argv[1:]
pycolmap.logging.minloglevel = pycolmap.logging.ERROR
names = sorted(
    name
    for name in os.listdir(photos)
    if name.lower().endswith((".jpg", ".jpeg", ".png")) and name not in left_out
)
database = os.path.join(work, "database.db")
pycolmap.extract_features(
    database,
    photos,
    image_names=names,
    camera_mode=pycolmap.CameraMode.SINGLE,
    device=pycolmap.Device.cpu,
)
pycolmap.match_exhaustive(database, device=pycolmap.Device.cpu)
models = pycolmap.incremental_mapping(database, photos, work)
best = max(models.values(), key=lambda model: model.num_reg_images(), default=None)
with open(report, "w") as out:
    if best is None:
        json.dump({"posed": 0, "photos": len(names)}, out)
    else:
        camera = next(iter(best.cameras.values()))
        found = {
            "posed": best.num_reg_images(),
            "photos": len(names),
            "focalPx": camera.mean_focal_length(),
            "width": camera.width,
            "points": best.num_points3D(),
        }
        json.dump(found, out)
