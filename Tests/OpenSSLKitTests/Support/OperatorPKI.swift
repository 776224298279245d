/// An operator's own PKI, made by another program: a root of RSA, an authority between, a leaf of P-256.
struct OperatorPKI {
  struct Failure: Error {
    let text: String
  }

  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let extensions = Array("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n".utf8)
    let config = try folder.write("ca.ext", extensions)
    try run(
      """
      req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=root -addext keyUsage=critical,keyCertSign \
      -keyout \(path("root.key")) -out \(path("root.crt"))
      """)
    try request("middle")
    try sign("middle", by: "root", "-extfile \(config)")
    try request("leaf")
    try sign("leaf", by: "middle", "")
    _ = try folder.write("node.crt", try folder.read("leaf.crt") + folder.read("middle.crt"))
    _ = try folder.write("node.key", try folder.read("leaf.key"))
  }

  func path(_ name: String) -> String { "\(folder.path)/\(name)" }

  private func request(_ name: String) throws {
    try run(
      """
      req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=\(name) -keyout \(path("\(name).key")) \
      -out \(path("\(name).csr"))
      """)
  }

  private func sign(_ name: String, by issuer: String, _ more: String) throws {
    try run(
      """
      x509 -req -days 30 -CAcreateserial -in \(path("\(name).csr")) -CA \(path("\(issuer).crt")) \
      -CAkey \(path("\(issuer).key")) -out \(path("\(name).crt")) \(more)
      """)
  }

  private func run(_ arguments: String) throws {
    let (text, isGood) = OpenSSLProgram.run(arguments)
    guard isGood else { throw Failure(text: text) }
  }
}
