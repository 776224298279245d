import RegistryCore

/// What every implementation of `KeptImages` does.
public enum KeptImagesContract {
  public typealias Subject = CatalogPorts & KeptImages

  private static func images(_ subject: any Subject, _ lackingAlone: Bool = false) async throws -> [PresentImage] {
    try await subject.images(after: 0, limit: 100, lackingAlone: lackingAlone)
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
      while let page = Optional(try await subject.images(after: position, limit: 2, lackingAlone: false)),
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
      // Keeping it again says nothing new of it.
      _ = try await subject.keep(names[0], isWhole: true)
      try StoreViolation.unlessEqual(try await subject.image(names[0])?.keeping, Keeping(isWhole: false), "as it was")
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
