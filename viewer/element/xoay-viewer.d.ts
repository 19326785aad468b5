/** Which view of a product is shown. */
export type XoayView = 'spin' | 'model';

/** Why something could not be shown. */
export type XoayErrorKind = 'network' | 'manifest' | 'spin' | 'model' | 'webgl';

/** Events that the element fires; they bubble and leave shadow trees. */
export interface XoayViewerEventMap {
  'xoay-load': CustomEvent<{ view: XoayView; frameCount?: number; triangles?: number }>;
  'xoay-frame': CustomEvent<{ frame: number; frameCount: number; angle: number }>;
  'xoay-view': CustomEvent<{ view: XoayView }>;
  'xoay-error': CustomEvent<{ kind: XoayErrorKind; message: string }>;
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
  /** The view that is shown; setting it changes to it where the product has it. */
  view: XoayView | null;
  /** The views that the product has. */
  readonly views: XoayView[];
  zoomIn(): void;
  zoomOut(): void;
  /** Loads everything again. */
  reload(): void;
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
