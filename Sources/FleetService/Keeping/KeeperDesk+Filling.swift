import FleetCore
import RegistryCore
import Telemetry

// What is kept and not whole here is fetched: first copies, of what was named a short while ago, by a task of their own, so
// that they wait for no repair.
extension KeeperDesk {
  /// What a fetching task alone knows.
  struct Filling {
    enum Kind: Hashable, Sendable, CaseIterable {
      case firstCopies
      /// Of the rest. Held up by the rate.
      case repairs
    }

    let kind: Kind
    var retries: LaterLooks<ImageName>
    var pausedUntil: Int64 = 0
  }

  private static let retryPause: Int64 = 1_000
  private static let lackingPage = 64

  private enum Outcome: Sendable {
    /// It is whole, or gone.
    case over
    case failed
    case full
  }

  func fill(_ kind: Filling.Kind) async {
    var filling = beginningToFill(kind)
    for await _ in wakes(of: kind).stream {
      do throws(RegistryError) { try await fillPass(&filling) } catch {
        if Task.isCancelled { return }
        ports.log.warning(
          "what this node shall keep could not be looked up; it is tried again", LogField("error", error.description))
      }
      if Task.isCancelled { return }
    }
  }

  func beginningToFill(_ kind: Filling.Kind) -> Filling {
    Filling(
      kind: kind, retries: LaterLooks(first: Self.retryPause, longest: Self.longestPause, limit: rules.laterLooks))
  }

  /// When what is of a kind was named.
  private func time(of kind: Filling.Kind) -> Range<HybridTime> {
    let begin = HybridTime(milliseconds: max(0, ports.clock.millisecondsSince1970 - rules.newMilliseconds))
    return switch kind {
    case .firstCopies: begin..<HybridTime(rawValue: .max)
    case .repairs: HybridTime(rawValue: 0)..<begin
    }
  }

  /// One walk over what is lacking of a kind, but for what failed lately.
  func fillPass(_ filling: inout Filling) async throws(RegistryError) {
    let (time, hurried) = (time(of: filling.kind), takeHurried(filling.kind))
    for name in hurried { filling.retries.settle(name) }
    // What was put off and is not met any more is whole, gone or of the other kind.
    var unseen = filling.retries.keys
    var position: Int64 = 0
    while !Task.isCancelled, ports.circle() != nil {
      let page = try await ports.images.lackingImages(after: position, limit: Self.lackingPage, named: time)
      guard let last = page.last else {
        for name in unseen { filling.retries.settle(name) }
        return
      }
      unseen.subtract(page.map(\.name))
      position = last.position
      let now = ports.monotonic()
      let (retries, isPaused) = (filling.retries, filling.pausedUntil > now)
      await fill(page.filter { !isPaused && !retries.isWaiting($0.name, at: now) }, &filling)
    }
  }

  private func fill(_ images: [PresentImage], _ filling: inout Filling) async {
    var left = images[...]
    await withTaskGroup(of: (ImageName, Outcome).self) { group in
      func next() {
        guard let image = left.popFirst() else { return }
        group.addTask { [isNew = filling.kind == .firstCopies] in (image.name, await self.fill(image, isNew: isNew)) }
      }
      for _ in 0..<rules.lanes { next() }
      while let (name, outcome) = await group.next() {
        let now = ports.monotonic()
        switch outcome {
        case .over: filling.retries.settle(name)
        case .failed:
          filling.retries.putOff(name, at: now)
          // More fail than are remembered: what is not must not be tried without a pause.
          if !filling.retries.isWaiting(name, at: now) { filling.pausedUntil = now + rules.pause }
        case .full:
          filling.pausedUntil = now + rules.pause
          left = []
        }
        if !Task.isCancelled { next() }
      }
    }
  }

  private func fill(_ image: PresentImage, isNew: Bool) async -> Outcome {
    let name = image.name
    let begun = ports.monotonic()
    var bytes: Int64 = 0
    do throws(RegistryError) {
      // Once more when its manifest is here, which says what else it needs.
      for _ in 0..<2 {
        for part in try await ports.hands.lacking(of: name) {
          // It may have been deleted, or let go of.
          guard try await ports.images.image(name)?.keeping != nil, !Task.isCancelled else { return .over }
          if !isNew { await waitForTurn() }
          let size = try await ports.hands.bring(part, of: name)
          if !isNew { pace.withLock { $0.spend(size, at: ports.monotonic()) } }
          bytes += size
          ports.meter.bytes.add(size)
        }
      }
      guard try await ports.hands.lacking(of: name).isEmpty else { return .failed }
      try await ports.images.note(
        Keeping(isWhole: true, others: try await ports.images.image(name)?.keeping?.others ?? []), of: name)
    } catch {
      return failed(name, error)
    }
    ports.meter.images.add()
    if !isNew { ports.meter.repairs.add() }
    ports.log.log(
      isNew ? .debug : .info, "an image is kept here now",
      [
        LogField("image", name.description), LogField("size.bytes", bytes), LogField("repair", !isNew),
        LogField("took.ms", ports.monotonic() - begun),
      ])
    return .over
  }

  private func failed(_ name: ImageName, _ error: RegistryError) -> Outcome {
    if error.code == .manifestUnknown { return .over }
    ports.meter.failures.add()
    guard error.code == .storageFull else {
      ports.log.debug(
        "an image that this node shall keep is not to be had just now", LogField("image", name.description),
        LogField("error", error.description))
      return .failed
    }
    ports.log.warning(
      "the disk is full: images that this node shall keep are fetched when there is room again",
      LogField("image", name.description))
    return .full
  }

  private func waitForTurn() async {
    let wait = pace.withLock { $0.wait(at: ports.monotonic()) }
    // Cancelled: it is noticed before the next part.
    if wait > 0 { try? await Task.sleep(for: .milliseconds(wait)) }
  }
}
