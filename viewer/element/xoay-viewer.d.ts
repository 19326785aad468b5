/** Which view of a product is shown. */
export type XoayView = 'spin' | 'model';

/** Why something could not be shown. */
export type XoayErrorKind =
  | 'network' | 'offline' | 'manifest' | 'spin' | 'frame' | 'tiles' | 'model' | 'webgl' | 'wasm' | 'feature';

/** Metres in the model's frame: x, y (up), z. */
export type XoayPoint = [number, number, number];

/** A point of the surface. */
export interface XoaySurfacePoint {
  position: XoayPoint;
  normal: XoayPoint;
}

/** Where to look from. What is left out stays as it is, but for the zoom, which is then 1. */
export interface XoayLook {
  /** Degrees that the product is turned, counter-clockwise seen from above. */
  angle?: number;
  /** Degrees that the camera stands above the product's base. */
  elevation?: number;
  /** 1 shows the whole product. */
  zoom?: number;
  /** Whether to go there smoothly; never where the visitor asks for less motion. */
  glide?: boolean;
}

/** Events that the element fires; they bubble and leave shadow trees. */
export interface XoayViewerEventMap {
  'xoay-load': CustomEvent<{ view: XoayView; frameCount?: number; triangles?: number }>;
  'xoay-frame': CustomEvent<{ frame: number; frameCount: number; angle: number }>;
  'xoay-view': CustomEvent<{ view: XoayView }>;
  'xoay-error': CustomEvent<{ kind: XoayErrorKind; message: string; fatal: boolean }>;
  'xoay-retry': CustomEvent<{ url: string; attempt: number }>;
  'xoay-interact': CustomEvent<{ by: 'pointer' | 'key' | 'wheel' | 'button'; view: XoayView | null; first: boolean }>;
  'xoay-zoom': CustomEvent<{ zoomed: boolean }>;
  'xoay-fullscreen': CustomEvent<{ on: boolean }>;
  'xoay-autoplay': CustomEvent<{ on: boolean }>;
  'xoay-hotspot': CustomEvent<{ id: string; open: boolean }>;
  'xoay-tour': CustomEvent<{ id: string; stop: number; state: 'play' | 'pause' | 'end' }>;
  'xoay-dimensions': CustomEvent<{ on: boolean }>;
  'xoay-variant': CustomEvent<{ index: number; name: string | null }>;
  'xoay-animation': CustomEvent<{ index: number; playing: boolean }>;
  'xoay-ar': CustomEvent<{ kind: 'quick-look' | 'scene-viewer' }>;
  'xoay-point': CustomEvent<{
    position: XoayPoint | null;
    normal: XoayPoint | null;
    x: number;
    y: number;
    view: XoayView;
    angle: number;
    elevation: number;
    frame: number | null;
  }>;
  'xoay-countdown': CustomEvent<{ left: number }>;
  'xoay-idle': CustomEvent<Record<string, never>>;
  'xoay-begin': CustomEvent<Record<string, never>>;
}

/** `<xoay-viewer>`: a spin, a 3D model, or both. */
export class XoayViewer extends HTMLElement {
  /** Address of a manifest or of a `.glb`. */
  src: string;
  /** Number of the frame in view, from 0. */
  frame: number;
  /** How many frames the spin has; 0 before it has loaded. */
  readonly frameCount: number;
  /** Degrees that the product is turned, counter-clockwise seen from above. */
  angle: number;
  /** Degrees that the camera stands above the product's base. */
  elevation: number;
  /** The view that is shown; setting it changes to it where the product has it. */
  get view(): XoayView | null;
  set view(view: XoayView | string | null);
  /** The views that the product has. */
  readonly views: XoayView[];
  /** Names of the model's variants; empty before it has loaded. */
  readonly variants: string[];
  /** Index of the variant that is shown; -1 is the default. */
  variant: number;
  /** Names of the model's animations. */
  readonly animations: string[];
  /** Whether an animation plays. */
  readonly playing: boolean;
  /** Whether the viewer fills the screen. */
  readonly fullscreen: boolean;

  /** Loads now, whatever `loading` and `reveal` say. */
  load(): void;
  /** Loads everything again. */
  reload(): void;
  zoomIn(): void;
  zoomOut(): void;
  /** Back to where it began. */
  reset(): void;
  look(from?: XoayLook): void;
  /** Where a point of the product is on the stage, CSS pixels; null where that is unknown. */
  project(position: XoayPoint, normal?: XoayPoint): { x: number; y: number; visible: boolean } | null;
  /** The product's point under a point of the stage; null where there is none. */
  surfaceAt(x: number, y: number): XoaySurfacePoint | null;
  /** Plays one of the animations. */
  play(index?: number): void;
  pause(): void;
  /** Opens a hotspot and turns the product to it; whether there is one of that name. */
  showHotspot(id: string): Promise<boolean | null>;
  /** Starts a tour, the first one without an id; whether there is one. */
  startTour(id?: string): Promise<boolean | null>;
  stopTour(): void;
  toggleFullscreen(): void;
  /** A picture of what is in view; null before anything is. */
  toBlob(type?: string, quality?: number): Promise<Blob | null>;

  addEventListener<K extends keyof XoayViewerEventMap>(
    type: K,
    listener: (this: XoayViewer, event: XoayViewerEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'xoay-viewer': XoayViewer;
  }
}
