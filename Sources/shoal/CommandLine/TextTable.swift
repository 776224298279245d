/// Rows for people. Cells may hold anything: they are made safe for a terminal here.
struct TextTable {
  struct Column {
    enum Side {
      case left
      case right
    }

    let title: String
    let side: Side

    init(_ title: String, _ side: Side = .left) { (self.title, self.side) = (title, side) }
  }

  let columns: [Column]
  private(set) var rows: [[String]] = []

  private static let gap = "   "

  init(_ columns: Column...) { self.columns = columns }

  mutating func append(_ cells: String...) {
    precondition(cells.count == columns.count, "a row has a cell for each column")
    rows.append(cells.map(TerminalText.safe))
  }

  /// Lines without trailing blanks, the first one the titles.
  var lines: [String] {
    let all = [columns.map(\.title)] + rows
    let widths = columns.indices.map { index in all.map { $0[index].count }.max() ?? 0 }
    return all.map { row in
      let cells = columns.indices.map { index in
        let padding = String(repeating: " ", count: widths[index] - row[index].count)
        return columns[index].side == .left ? row[index] + padding : padding + row[index]
      }
      let line = cells.joined(separator: Self.gap)
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
