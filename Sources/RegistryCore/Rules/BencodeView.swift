/// One value of a bencoded document. What is asked of another kind of value is `nil`, as if it were not there.
package struct BencodeView: Sendable {
  private let document: BencodeDocument
  private let at: Int

  package init(_ document: BencodeDocument, at: Int) {
    self.document = document
    self.at = at
  }

  private var mark: BencodeDocument.Mark { document.marks[at] }

  /// The value as it stands in the document, to the byte.
  package var encoded: ArraySlice<UInt8> { document.bytes[mark.whole] }

  package var integer: Int64? {
    mark.kind == .integer ? Int64(String(decoding: document.bytes[mark.content], as: UTF8.self)) : nil
  }

  package var bytes: ArraySlice<UInt8>? { mark.kind == .bytes ? document.bytes[mark.content] : nil }

  /// `nil` also for bytes that are not UTF-8.
  package var text: String? { bytes.flatMap { String(validating: $0, as: UTF8.self) } }

  package var isDictionary: Bool { mark.kind == .dictionary }

  package var items: [BencodeView]? { mark.kind == .list ? children.map { BencodeView(document, at: $0) } : nil }

  package var entries: [(key: ArraySlice<UInt8>, value: BencodeView)]? {
    guard isDictionary else { return nil }
    let children = children
    return stride(from: 0, to: children.count, by: 2).map { pair in
      (document.bytes[document.marks[children[pair]].content], BencodeView(document, at: children[pair + 1]))
    }
  }

  package subscript(key: StaticString) -> BencodeView? {
    guard isDictionary else { return nil }
    var child = at + 1
    while child < mark.next {
      let isWanted = key.withUTF8Buffer { $0.elementsEqual(document.bytes[document.marks[child].content]) }
      if isWanted { return BencodeView(document, at: child + 1) }
      child = document.marks[child + 1].next
    }
    return nil
  }

  /// The marks of the values right below this one; in a dictionary, of keys and values in turn.
  private var children: [Int] {
    var children: [Int] = []
    var child = at + 1
    while child < mark.next {
      children.append(child)
      child = document.marks[child].next
    }
    return children
  }
}
