import COpenSSL
import CurlKit
import Glibc

/// What a hand-made TLS server wants of its clients.
struct SecureScript: Sendable {
  let certificatePath: String
  let keyPath: String
  /// Clients must show a certificate of this root; `nil` asks for none.
  var clientRootPath: String?
  var maximumVersion = TLS1_3_VERSION
  /// Keeps sessions, and sends tickets for them.
  var hasTickets = false
  /// After the answer the socket is closed without a word of TLS.
  var endsWithoutNotice = false
  /// `nil`: says the client's certificate's subject, and goes on with the next request.
  var answer: String?

  /// One connection, to its end. Says with how many bytes of request it was trusted.
  func serve(_ connection: RawConnection, _ received: @Sendable (String) -> Void) throws {
    guard let context = SSL_CTX_new(TLS_server_method()) else { throw RawConnection.Gone() }
    defer { SSL_CTX_free(context) }
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(maximumVersion), nil)
    SSL_CTX_set_num_tickets(context, hasTickets ? 2 : 0)
    // The same for each connection, so that a ticket of one is good for the next.
    var ticketKeys = [UInt8](repeating: 7, count: 80)
    SSL_CTX_ctrl(context, SSL_CTRL_SET_TLSEXT_TICKET_KEYS, ticketKeys.count, &ticketKeys)
    SSL_CTX_use_certificate_chain_file(context, certificatePath)
    SSL_CTX_use_PrivateKey_file(context, keyPath, SSL_FILETYPE_PEM)
    if let clientRootPath {
      SSL_CTX_load_verify_locations(context, clientRootPath, nil)
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }
    guard let session = SSL_new(context) else { throw RawConnection.Gone() }
    defer { SSL_free(session) }
    SSL_set_fd(session, connection.socket)
    ERR_clear_error()
    guard SSL_accept(session) == 1 else {
      // The alert was sent; what the client says to it is read, so that no reset overtakes it.
      shutdown(connection.socket, Int32(SHUT_WR))
      connection.waitForEnd()
      return
    }
    while let head = readHead(session) {
      received(head)
      let body =
        answer ?? "HTTP/1.1 200 OK\r\nContent-Length: \(subject(session).utf8.count)\r\n\r\n\(subject(session))"
      guard SSL_write(session, body, Int32(body.utf8.count)) > 0 else { return }
      if answer != nil { break }
    }
    if !endsWithoutNotice { SSL_shutdown(session) }
  }

  private func readHead(_ session: OpaquePointer) -> String? {
    var bytes: [UInt8] = []
    while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
      var byte: UInt8 = 0
      guard SSL_read(session, &byte, 1) == 1 else { return nil }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func subject(_ session: OpaquePointer) -> String {
    guard let certificate = SSL_get1_peer_certificate(session) else { return "nobody" }
    defer { X509_free(certificate) }
    var text = [CChar](repeating: 0, count: 256)
    X509_NAME_oneline(X509_get_subject_name(certificate), &text, 256)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
