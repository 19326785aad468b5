# Fills a catalogue with products and a publication each: python3 catalogue.py xoay.db 15000
import json, sqlite3, sys, time, uuid

base, count = sqlite3.connect(sys.argv[1]), int(sys.argv[2])
now = int(time.time() * 1000)


def manifest(number):
    url = lambda n: "../../objects/%064x.webp" % (number * 200 + n)
    frames = [{"azimuthDeg": n * 10.0, "source": "%d.jpg" % n} for n in range(36)]
    renditions = [
        {"format": "webp", "width": width, "height": width * 3 // 4, "sizeBytes": 900000, "urls": [url(n + width) for n in range(36)]}
        for width in (1600, 800, 400)
    ]
    spin = {
        "kind": "xoay-spin", "version": 1, "generator": "bench", "width": 1600, "height": 1200, "background": "#ffffff",
        "direction": "counter-clockwise", "loops": True, "startFrame": 0, "rows": [{"firstFrame": 0, "frameCount": 36}],
        "frames": frames, "renditions": renditions,
        "posters": [{"url": url(0), "format": "webp", "width": 800, "height": 600, "sizeBytes": 30000}],
        "alt": {"vi": "Mật ong", "en": "Honey"},
    }
    return json.dumps({"kind": "xoay-product", "version": 1, "name": {"vi": "Mật ong %d" % number, "en": "Honey %d" % number}, "spin": spin})


with base:
    for number in range(count):
        product = str(uuid.UUID(int=(now << 80) | (7 << 76) | (2 << 62) | number))
        columns = {
            "id": product, "slug": "product-%d" % number, "name_vi": "Mật ong %d" % number, "name_en": "Honey %d" % number,
            "producer_vi": "Hợp tác xã %d" % (number % 300), "producer_en": "", "commune_vi": "Xã %d" % (number % 90), "commune_en": "",
            "created_ms": now, "updated_ms": now,
        }
        names = ", ".join(columns)
        base.execute("INSERT INTO products (%s) VALUES (%s)" % (names, ", ".join("?" * len(columns))), list(columns.values()))
        base.execute("INSERT INTO publications (product_id, version, manifest, created_ms) VALUES (?, 1, ?, ?)", (product, manifest(number), now))
