import RegistryCore

/// What every implementation of `KeptImages` does.
public enum KeptImagesContract {
  public typealias Subject = CatalogPorts & KeptImages

  private static let ever = HybridTime(rawValue: 0)..<HybridTime(rawValue: .max)

  private static func images(_ subject: any Subject, _ lackingAlone: Bool = false) async throws -> [PresentImage] {
    lackingAlone
      ? try await subject.lackingImages(after: 0, limit: 100, named: ever)
      : try await subject.images(after: 0, limit: 100)
  }

  private static func node(_ byte: UInt8) throws -> NodeID {
    guard let node = NodeID([UInt8](repeating: byte, count: NodeID.byteCount)) else {
      throw StoreViolation(description: "no node of \(byte)")
    }
    return node
  }

  private static func push(_ count: Int, to subject: any Subject) async throws -> [ImageName] {
    let repository = try Sample.repository()
    var names: [ImageName] = []
    for number in 0..<count {
      names.append(ImageName(try await Sample.push(number, to: repository, of: subject).digest, in: repository))
    }
    return names
  }

  public static let clauses = [
    StoreClause<any Subject>("whatIsPresentIsListedInPages") { subject in
      try StoreViolation.unlessEqual(try await images(subject), [], "of nothing")
      let names = try await push(5, to: subject)
      try StoreViolation.unlessEqual(try await images(subject).map(\.name), names, "all of them")
      try StoreViolation.unless(try await images(subject).allSatisfy { $0.keeping == nil }, "nobody keeps any")
      var (walked, position): ([ImageName], Int64) = ([], 0)
      while let page = Optional(try await subject.images(after: position, limit: 2)),
        let last = page.last
      {
        walked += page.map(\.name)
        position = last.position
      }
      try StoreViolation.unlessEqual(walked, names, "in pages of two")
    },
    StoreClause<any Subject>("whatIsKeptIsRememberedAsItWasSaid") { subject in
      let names = try await push(3, to: subject)
      try StoreViolation.unless(try await subject.keep(names[0], isWhole: false), "it is present")
      try StoreViolation.unless(try await subject.keep(names[2], isWhole: true), "it is present")
      try StoreViolation.unlessEqual(try await images(subject, true).map(\.name), [names[0]], "what is lacking")
      try StoreViolation.unlessEqual(try await subject.keptTotals(), KeptTotals(images: 2, lacking: 1), "totals")
      // Keeping it again says nothing new of it, unless it has become whole.
      _ = try await subject.keep(names[0], isWhole: false)
      _ = try await subject.keep(names[2], isWhole: false)
      try StoreViolation.unlessEqual(try await subject.image(names[0])?.keeping, Keeping(isWhole: false), "as it was")
      try StoreViolation.unlessEqual(try await subject.image(names[2])?.keeping, Keeping(isWhole: true), "as it was")
      try await subject.note(Keeping(isWhole: false, others: [try node(7)]), of: names[2])
      _ = try await subject.keep(names[2], isWhole: true)
      try StoreViolation.unlessEqual(
        try await subject.image(names[2])?.keeping, Keeping(isWhole: true, others: [try node(7)]), "it became whole")
      let known = Keeping(isWhole: true, others: [try node(9), try node(3)])
      try await subject.note(known, of: names[0])
      try StoreViolation.unlessEqual(try await subject.image(names[0])?.keeping, known, "with others")
      try StoreViolation.unlessEqual(known.others, [try node(3), try node(9)], "in order")
      try await subject.note(known, of: names[1])
      try StoreViolation.unlessEqual(try await subject.image(names[1])?.keeping, nil, "it was not kept")
      try await subject.letGo(names[0])
      try StoreViolation.unlessEqual(try await subject.image(names[0])?.keeping, nil, "let go")
      try await subject.letGo(nil)
      try StoreViolation.unlessEqual(try await subject.keptTotals(), KeptTotals(), "all let go")
    },
    StoreClause<any Subject>("whatIsLackingIsListedByWhenItWasNamedToo") { subject in
      let names = try await push(4, to: subject)
      for name in names { _ = try await subject.keep(name, isWhole: name == names[1]) }
      let clocks = try await images(subject).map(\.clock)
      let (begin, middle) = (HybridTime(rawValue: 0), clocks[2])
      let early = try await subject.lackingImages(after: 0, limit: 100, named: begin..<middle)
      try StoreViolation.unlessEqual(early.map(\.name), [names[0]], "named before the third")
      let late = try await subject.lackingImages(after: 0, limit: 100, named: middle..<HybridTime(rawValue: .max))
      try StoreViolation.unlessEqual(late.map(\.name), [names[2], names[3]], "since then")
      let page = try await subject.lackingImages(after: late[0].position, limit: 1, named: ever)
      try StoreViolation.unlessEqual(page.map(\.name), [names[3]], "behind a position")
    },
    StoreClause<any Subject>("whatWentIsNotKeptAndNotWhenItComesAgain") { subject in
      let names = try await push(2, to: subject)
      for name in names { _ = try await subject.keep(name, isWhole: false) }
      _ = try await subject.retract(names[0].digest, from: names[0].repository)
      try StoreViolation.unlessEqual(try await images(subject, true).map(\.name), [names[1]], "gone")
      try StoreViolation.unlessEqual(try await subject.image(names[0]), nil, "gone")
      try StoreViolation.unless(!(try await subject.keep(names[0], isWhole: true)), "it cannot be kept")
      try await Sample.push(0, to: names[0].repository, of: subject)
      try StoreViolation.unlessEqual(try await subject.image(names[0])?.keeping, nil, "again")
      try StoreViolation.unlessEqual(try await subject.keptTotals(), KeptTotals(images: 1, lacking: 1), "totals")
    },
    StoreClause<any Subject>("whatIsSaidAgainStaysKept") { subject in
      let names = try await push(1, to: subject)
      _ = try await subject.keep(names[0], isWhole: true)
      let before = try await subject.image(names[0])
      let image = try Sample.image(0)
      _ = try await subject.publish(image, in: names[0].repository, saysAgain: true)
      let after = try await subject.image(names[0])
      try StoreViolation.unlessEqual(after?.keeping, Keeping(isWhole: true), "kept")
      guard let before, let after else { throw StoreViolation(description: "it is present") }
      try StoreViolation.unless(after.clock > before.clock, "said later")
    },
  ]
}
