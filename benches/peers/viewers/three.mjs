// What a shop would write with three.js: a model, an environment, a hand that turns it. Bundled by esbuild.
import { ACESFilmicToneMapping, Box3, PerspectiveCamera, PMREMGenerator, Scene, Vector3, WebGLRenderer } from 'three';
import { OrbitControls } from 'three/examples/jsm/controls/OrbitControls.js';
import { RoomEnvironment } from 'three/examples/jsm/environments/RoomEnvironment.js';
import { MeshoptDecoder } from 'three/examples/jsm/libs/meshopt_decoder.module.js';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';

export async function show(canvas, url) {
  const renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
  renderer.setSize(canvas.clientWidth, canvas.clientHeight, false);
  renderer.toneMapping = ACESFilmicToneMapping;
  const scene = new Scene();
  scene.environment = new PMREMGenerator(renderer).fromScene(new RoomEnvironment(), 0.04).texture;
  const { scene: model } = await new GLTFLoader().setMeshoptDecoder(MeshoptDecoder).loadAsync(url);
  scene.add(model);
  const box = new Box3().setFromObject(model);
  const size = box.getSize(new Vector3()).length();
  const camera = new PerspectiveCamera(30, canvas.clientWidth / canvas.clientHeight, size / 100, size * 10);
  const controls = new OrbitControls(camera, canvas);
  controls.target.copy(box.getCenter(new Vector3()));
  const turn = (angle) => {
    camera.position.set(Math.sin(angle), 0.3, Math.cos(angle)).multiplyScalar(size * 1.8).add(controls.target);
    controls.update();
    renderer.render(scene, camera);
  };
  turn(0);
  return turn;
}
