// What the loader says. Put into the loader by the build; features bring their own words.

export const TEXT = {
  vi: {
    start: 'Xem 360°', retry: 'Thử lại', loading: 'Đang tải…', again: 'Mạng chậm, đang thử lại…', product: 'Sản phẩm',
    errors: {
      network: 'Không tải được sản phẩm. Hãy kiểm tra kết nối mạng rồi thử lại.',
      offline: 'Không có mạng. Sản phẩm sẽ tự hiện ra khi có mạng trở lại.',
      manifest: 'Nội dung sản phẩm không đọc được hoặc thuộc phiên bản mới hơn.',
      spin: 'Không tải được ảnh xoay. Hãy kiểm tra kết nối mạng rồi thử lại.',
      wasm: 'Trình duyệt này chỉ xem được bản đơn giản.',
    },
  },
  en: {
    start: 'View in 360°', retry: 'Try again', loading: 'Loading…', again: 'Slow network, trying again…', product: 'Product',
    errors: {
      network: 'The product could not be loaded. Check the connection and try again.',
      offline: 'You are offline. The product will appear when the network is back.',
      manifest: 'The product’s description cannot be read, or is of a newer version.',
      spin: 'The photos could not be loaded. Check the connection and try again.',
      wasm: 'This browser can show the simple version only.',
    },
  },
};
