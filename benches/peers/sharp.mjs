// node sharp.mjs <jpg|webp|png> <quality> <folder> <photo>…: three widths of each photo.
import { join } from "node:path";
import sharp from "sharp";

const [format, quality, folder, ...photos] = process.argv.slice(2);
const encode = {
  jpg: (image) => image.jpeg({ quality: Number(quality) }),
  webp: (image) => image.webp({ quality: Number(quality) }),
  png: (image) => image.png({ compressionLevel: 1 }),
}[format];
for (const photo of photos) {
  const image = sharp(photo);
  await Promise.all(
    [2048, 1024, 512].map((width) =>
      encode(image.clone().resize(width)).toFile(join(folder, `sharp-${width}.${format}`)),
    ),
  );
}
