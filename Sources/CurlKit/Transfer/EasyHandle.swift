import BlockingWork
import CCurl

/// A libcurl easy handle. Kept and used again: what is the same for all requests is set once. The client's thread only.
final class EasyHandle {
  /// A body in memory up to this size goes out together with the head.
  static let sentWithHeadBytes = 64 << 10
  /// What libcurl reads from a socket at once: fewer system calls against memory. Its buffer lives as long as a transfer; the
  /// allocator tidies up each time that a large one is freed.
  private static let readBytes = 64 << 10
  private static let readBytesOfSmallAnswers = 16 << 10

  let pointer: UnsafeMutableRawPointer
  private let details: UnsafeMutablePointer<CChar>
  private var lines: UnsafeMutablePointer<curl_slist>?
  private var route: UnsafeMutablePointer<curl_slist>?

  /// `nil` when there is no memory.
  init?(_ configuration: HTTPClientConfiguration, engine: UnsafeMutableRawPointer) {
    guard let pointer = curl_easy_init() else { return nil }
    self.pointer = pointer
    details = .allocate(capacity: Int(CURL_ERROR_SIZE))
    details.pointee = 0
    setOnce(configuration, engine)
  }

  deinit {
    curl_easy_cleanup(pointer)
    forgetRequest()
    details.deallocate()
  }

  // MARK: What libcurl tells

  var status: Int {
    var status = 0
    shoal_curl_get_long(pointer, CURLINFO_RESPONSE_CODE, &status)
    return status
  }

  var systemError: Int32 {
    var code = 0
    shoal_curl_get_long(pointer, CURLINFO_OS_ERRNO, &code)
    return Int32(truncatingIfNeeded: code)
  }

  /// OpenSSL's session of the connection, while the transfer runs.
  var session: OpaquePointer? {
    var place: UnsafeMutableRawPointer?
    shoal_curl_get_pointer(pointer, CURLINFO_TLS_SSL_PTR, &place)
    guard let information = place?.assumingMemoryBound(to: curl_tlssessioninfo.self).pointee else { return nil }
    return information.backend == CURLSSLBACKEND_OPENSSL ? information.internals.map { OpaquePointer($0) } : nil
  }

  var failureDetails: String { String(cString: details) }

  static func transfer(of pointer: UnsafeMutableRawPointer) -> Transfer? {
    var own: UnsafeMutableRawPointer?
    shoal_curl_get_pointer(pointer, CURLINFO_PRIVATE, &own)
    return own.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }

  // MARK: Options

  private func set(_ option: CURLoption, _ value: Int) { shoal_curl_set_long(pointer, option, value) }
  private func set(_ option: CURLoption, _ text: String?) { shoal_curl_set_text(pointer, option, text) }
  private func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer) {
    shoal_curl_set_pointer(pointer, option, value)
  }

  private func setOnce(_ configuration: HTTPClientConfiguration, _ engine: UnsafeMutableRawPointer) {
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(details))
    set(CURLOPT_PROTOCOLS_STR, "http,https")
    set(CURLOPT_PATH_AS_IS, 1)
    set(CURLOPT_DNS_CACHE_TIMEOUT, configuration.limits.nameAnswer.clampedMilliseconds / 1_000)
    set(CURLOPT_MAXAGE_CONN, configuration.limits.idleConnection.clampedMilliseconds / 1_000)
    // Whoever gives up during a lookup would otherwise wait for the lookup's thread, and all other transfers with it.
    set(CURLOPT_QUICK_EXIT, 1)
    let isHTTP2 = configuration.version == .http2
    set(CURLOPT_HTTP_VERSION, isHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)
    set(CURLOPT_PIPEWAIT, isHTTP2 ? 1 : 0)
    // An empty text, or the environment would name one.
    set(CURLOPT_PROXY, configuration.proxy.map { "http://\($0.origin)" } ?? "")
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    // A session taken up again would show no certificate, and so pass by the check.
    set(CURLOPT_SSL_SESSIONID_CACHE, 0)
    // Roots are ours, see PeerGuard; libcurl's own defaults would be read for each connection.
    set(CURLOPT_CAINFO, nil as String?)
    set(CURLOPT_CAPATH, nil as String?)
    shoal_curl_set_receiver(pointer, CURLOPT_WRITEFUNCTION, Callback.receiveBody)
    shoal_curl_set_receiver(pointer, CURLOPT_HEADERFUNCTION, Callback.receiveLine)
    shoal_curl_set_reader(pointer, Callback.read)
    shoal_curl_set_seeker(pointer, Callback.seek)
    shoal_curl_set_before_request(pointer, Callback.beforeRequest)
    shoal_curl_set_socket_opener(pointer, Callback.openSocket)
    shoal_curl_set_socket_closer(pointer, Callback.closeSocket)
    shoal_curl_set_tls_preparer(pointer, Callback.prepareTLS)
    // A connection outlives the transfer that opened it.
    set(CURLOPT_CLOSESOCKETDATA, engine)
  }

  /// Everything that differs from request to request. The transfer must live until `forgetRequest`.
  func prepare(_ transfer: Transfer, comparesHost: Bool, followsRedirects: Bool) {
    let request = transfer.request
    let own = Unmanaged.passUnretained(transfer).toOpaque()
    for option in [
      CURLOPT_PRIVATE, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA, CURLOPT_PREREQDATA,
      CURLOPT_OPENSOCKETDATA, CURLOPT_SSL_CTX_DATA,
    ] { set(option, own) }
    details.pointee = 0
    set(CURLOPT_URL, request.url.text)
    set(CURLOPT_BUFFERSIZE, transfer.exchange.readsInPieces ? Self.readBytes : Self.readBytesOfSmallAnswers)
    set(CURLOPT_CONNECTTIMEOUT_MS, request.patience.connect.clampedMilliseconds)
    set(CURLOPT_SSL_VERIFYHOST, comparesHost ? 2 : 0)
    set(CURLOPT_FOLLOWLOCATION, followsRedirects ? 1 : 0)
    set(CURLOPT_MAXREDIRS, request.redirectLimit)
    set(CURLOPT_REDIR_PROTOCOLS_STR, request.url.origin.scheme.rawValue)
    setMethodAndBody(request)
    setHeaders(request)
    route = request.dial.map { dial in
      let host = dial.host.contains(":") ? "[\(dial.host)]" : dial.host
      return curl_slist_append(nil, "\(request.url.origin):\(host):\(dial.port)")
    }
    shoal_curl_set_list(pointer, CURLOPT_CONNECT_TO, route)
  }

  /// After the handle left its multi handle.
  func forgetRequest() {
    curl_slist_free_all(lines)
    curl_slist_free_all(route)
    (lines, route) = (nil, nil)
  }

  private func setMethodAndBody(_ request: HTTPRequest) {
    // Takes back whatever the request before it has set.
    set(CURLOPT_HTTPGET, 1)
    let token = request.method.token
    set(CURLOPT_CUSTOMREQUEST, request.method == .get || request.method == .head ? nil : token)
    switch request.body {
    case .none where request.method == .head: set(CURLOPT_NOBODY, 1)
    case .none where ["POST", "PUT", "PATCH"].contains(token): setSmallBody([])
    case .none: break
    case .bytes(let bytes) where bytes.count <= Self.sentWithHeadBytes: setSmallBody(bytes)
    case .bytes(let bytes): setRead(length: Int64(bytes.count))
    case .stream(let length, _): setRead(length: length ?? -1)
    }
  }

  private func setSmallBody(_ bytes: [UInt8]) {
    set(CURLOPT_POST, 1)
    shoal_curl_set_offset(pointer, CURLOPT_POSTFIELDSIZE_LARGE, Int64(bytes.count))
    bytes.withUnsafeBytes { bytes in
      // With a size of 0 libcurl looks at no byte, but wants a place.
      let place = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      if let place {
        shoal_curl_set_text(pointer, CURLOPT_COPYPOSTFIELDS, place)
      } else {
        set(CURLOPT_COPYPOSTFIELDS, "")
      }
    }
  }

  private func setRead(length: Int64) {
    set(CURLOPT_UPLOAD, 1)
    shoal_curl_set_offset(pointer, CURLOPT_INFILESIZE_LARGE, length)
  }

  /// A connection that died while it rested is found out before the body, and so replaced unseen; and who will not have the
  /// body says so before it was sent.
  private static func asksFirst(_ body: HTTPRequest.Body) -> Bool {
    switch body {
    case .none: false
    case .bytes(let bytes): bytes.count > sentWithHeadBytes
    case .stream: true
    }
  }

  private func setHeaders(_ request: HTTPRequest) {
    lines = nil
    request.headers.forEachLine { lines = curl_slist_append(lines, $0) }
    lines = curl_slist_append(lines, Self.asksFirst(request.body) ? "Expect: 100-continue" : "Expect:")
    // libcurl would call a body a form.
    if !request.headers.has("Content-Type") { lines = curl_slist_append(lines, "Content-Type:") }
    shoal_curl_set_list(pointer, CURLOPT_HTTPHEADER, lines)
  }
}

extension Duration {
  /// For libcurl, to which 0 would mean its own default.
  fileprivate var clampedMilliseconds: Int { max(1, Int(clamping: clampedNanoseconds / 1_000_000)) }
}
