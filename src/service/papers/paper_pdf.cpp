#include "service/papers/paper_pdf.h"

#include <array>

#include "service/papers/paper_layout.h"
#include "service/papers/paper_sheet.h"

namespace metergate {
namespace {

constexpr int kRowHeight = 330;   // of a tenant: two lines
constexpr int kLineHeight = 205;  // of a line item
constexpr int kMain = 88;         // sizes of letters
constexpr int kSub = 70;
constexpr int kPad = 50;
constexpr int kChartsLying = 4;
constexpr int kChartsUpright = 3;
constexpr int kWholePage = 1 << 20;  // more than any page has left
constexpr int kChartsNeed = 1800;

// Places in tenant_paper_row().
constexpr std::size_t kId = 0;
constexpr std::size_t kName = 1;
constexpr std::size_t kPlan = 2;
constexpr std::size_t kStatus = 3;
constexpr std::size_t kFirstMeter = 4;
constexpr std::size_t kCost = kFirstMeter + 2 * kMeters.size() + 1;
constexpr std::size_t kHealth = kCost + 1;
constexpr std::size_t kCurrency = kHealth + 1;

const std::vector<TableColumn>& tenant_columns() {
  static const std::vector<TableColumn> columns = {
      {"Tenant", 1979},
      {"Plan", 680},
      {"Stores", 600, Align::right},
      {"Devices", 600, Align::right},
      {"API calls", 860, Align::right},
      {"Webhook calls", 780, Align::right},
      {"Storage, GB", 780, Align::right},
      {"Overage cost", 720, Align::right},
      {"Health", 580},
  };
  return columns;
}

// Places in line_paper_rows(), and what they take of a page that lies.
struct LinePlace {
  std::size_t cell;
  TableColumn lying;
  int upright;  // width; 0: left out, since the page is of one tenant
};
const std::array<LinePlace, 9>& line_places() {
  static const std::array<LinePlace, 9> places = {{
      {1, {"Tenant", 1779}, 0},
      {4, {"Meter", 1100}, 1113},
      {3, {"Line", 500}, 450},
      {5, {"Period", 600}, 550},
      {6, {"Usage", 800, Align::right}, 650},
      {7, {"Included", 800, Align::right}, 650},
      {8, {"Overage", 700, Align::right}, 550},
      {9, {"Rate", 600, Align::right}, 500},
      {10, {"Cost", 700, Align::right}, 650},
  }};
  return places;
}
constexpr std::size_t kLineReason = 14;
constexpr std::size_t kLineMeter = 4;

std::string money_text(const PaperCell& amount, const PaperCell& currency) {
  if (amount.is_empty()) return "not known";
  return shown_text(amount) + ' ' + currency.text;
}

bool is_over(const PaperCell& usage, const PaperCell& limit) {
  return usage.number && limit.number && compare(*usage.number, *limit.number) > 0;
}

const PaperCell& fact(const std::vector<PaperFact>& facts, std::string_view label) {
  static const PaperCell kNone;
  for (const PaperFact& one : facts) {
    if (one.label == label) return one.value;
  }
  return kNone;
}

// A column's cell in a row that begins at the sheet's top.
class RowWriter {
 public:
  explicit RowWriter(PaperSheet& sheet) : sheet_(sheet), x_(sheet.left()) {}
  void put(const TableColumn& column, std::string_view main, const TextStyle& style,
           std::string_view sub = {}) {
    TextStyle shown = style;
    shown.size = kMain;
    shown.align = column.align;
    const Box box{x_ + kPad, sheet_.top() + 35, column.width - 2 * kPad, kMain};
    sheet_.text(box, main, shown);
    sheet_.text({box.left, sheet_.top() + 175, box.width, kSub}, sub,
                {.size = kSub, .color = paper::kGrey, .align = column.align});
    x_ += column.width;
  }

 private:
  PaperSheet& sheet_;
  int x_;
};

void put_tenant(const PaperRow& row, PaperSheet& sheet) {
  const std::vector<TableColumn>& columns = tenant_columns();
  if (sheet.need(kRowHeight)) sheet.table_head(columns);
  RowWriter writer(sheet);
  auto column = columns.begin();
  writer.put(*column++, row[kName].text, {.is_bold = true, .color = paper::kInk}, row[kId].text);
  writer.put(*column++, row[kPlan].text, {.color = paper::kInk},
             row[kStatus].text == "active" ? std::string_view{} : row[kStatus].text);
  for (std::size_t at = kFirstMeter; at + 1 < kCost; at += 2) {
    const PaperCell& usage = row[at];
    const PaperCell& limit = row[at + 1];
    const bool over = is_over(usage, limit);
    writer.put(*column++, shown_text(usage),
               {.is_bold = over, .color = over ? paper::kRed : paper::kInk},
               limit.number ? "of " + shown_text(limit) : limit.text);
  }
  writer.put(*column++, row[kCost].is_empty() ? "not known" : shown_text(row[kCost]),
             {.is_bold = true, .color = paper::kInk}, row[kCurrency].text);
  writer.put(*column++, row[kHealth].text, {.color = health_color(row[kHealth].text)});
  sheet.skip(kRowHeight);
  sheet.rule();
}

std::vector<TableColumn> line_table_columns(bool is_upright) {
  std::vector<TableColumn> columns;
  for (const LinePlace& place : line_places()) {
    TableColumn column = place.lying;
    if (is_upright) column.width = place.upright;
    if (column.width > 0) columns.push_back(std::move(column));
  }
  return columns;
}

// Why a correction was made, below its line.
void put_reason(const PaperCell& reason, PaperSheet& sheet) {
  if (reason.is_empty()) return;
  sheet.text({sheet.left() + kPad, sheet.top(), sheet.width() - 2 * kPad, kSub}, reason.text,
             {.size = kSub, .color = paper::kGrey});
  sheet.skip(150);
}

void put_lines(const Statement& statement, bool is_upright, PaperSheet& sheet) {
  const std::vector<TableColumn> columns = line_table_columns(is_upright);
  bool is_first = true;
  for (const PaperRow& row : line_paper_rows(statement)) {
    if (sheet.need(kLineHeight + 150)) {
      sheet.table_head(columns);
      is_first = true;
    }
    RowWriter writer(sheet);
    auto column = columns.begin();
    for (const LinePlace& place : line_places()) {
      if (is_upright && place.upright == 0) continue;
      const PaperCell& cell = row[place.cell];
      const bool is_tenant = place.cell == kName;
      const bool is_repeated = is_tenant && !is_first;
      const std::string shown =
          place.cell == kLineMeter ? shown_meter(cell.text) : shown_text(cell);
      writer.put(*column++, is_repeated ? "" : shown, {.is_bold = is_tenant, .color = paper::kInk});
    }
    is_first = false;
    sheet.skip(kLineHeight);
    put_reason(row[kLineReason], sheet);
  }
  sheet.rule();
  sheet.skip(20);
}

void put_title(std::string_view kind, std::string_view title, std::string_view below,
               PaperSheet& sheet) {
  sheet.text({sheet.left(), sheet.top(), sheet.width(), 160}, kind,
             {.size = 105, .is_bold = true, .color = paper::kAccent});
  const TextStyle style = sheet.fitted(title, {.size = 250, .is_bold = true, .color = paper::kInk},
                                       {sheet.width(), 130});
  sheet.text({sheet.left(), sheet.top() + 170 + (250 - style.size), sheet.width(), 340}, title,
             style);
  sheet.text({sheet.left(), sheet.top() + 540, sheet.width(), 160}, below,
             {.size = 95, .color = paper::kGrey});
  sheet.skip(860);
}

// Facts that no card shows, as lines of two columns.
void put_plans(const std::vector<PaperFact>& facts, PaperSheet& sheet) {
  constexpr std::string_view kBegin = "Tenants on the plan ";
  bool has_heading = false;
  for (const PaperFact& one : facts) {
    if (!one.label.starts_with(kBegin)) continue;
    if (sheet.need(has_heading ? 180 : 420)) has_heading = false;
    if (!has_heading) sheet.heading("Plans");
    has_heading = true;
    sheet.text({sheet.left(), sheet.top(), 2400, kMain},
               std::string_view{one.label}.substr(kBegin.size()),
               {.size = kMain, .color = paper::kInk});
    sheet.text({sheet.left(), sheet.top(), 3000, kMain}, shown_text(one.value),
               {.size = kMain, .is_bold = true, .color = paper::kInk, .align = Align::right});
    sheet.skip(170);
  }
}

void put_report_front(const ReportHead& head, const Printing& printing, PaperSheet& sheet) {
  const std::vector<PaperFact> facts = summary_facts(head, printing.zone);
  put_title("Usage report", shown_month(head.period),
            head.is_closed ? "This period is closed: its figures never change."
                           : "This period is open: the figures are those of the moment.",
            sheet);
  const PaperCell& errors = fact(facts, "Tenants whose cost could not be made");
  sheet.cards(
      {{"Tenants", shown_text(fact(facts, "Tenants"))},
       {"Over a limit", shown_text(fact(facts, "Tenants with overages"))},
       {"Overage rate", shown_text(fact(facts, "Overage rate, %")) + " %"},
       {"Total overage cost",
        money_text(fact(facts, "Total overage cost"), fact(facts, "Currency")), paper::kAccent}});
  if (!errors.is_empty())
    sheet.paragraph("The cost of " + shown_text(errors) +
                        " tenants could not be made; the total leaves them out.",
                    {.size = kMain, .is_bold = true, .color = paper::kRed}, 260);
  sheet.heading("The year");
  sheet.charts(printing.year, kChartsLying);
  put_plans(facts, sheet);
}

Result<> lay_out_report(ReportRows rows, ReportDetail detail, const Printing& printing,
                        PaperSheet& sheet) {
  const ReportColumns columns = TRY(rows.columns());
  put_report_front(rows.head(), printing, sheet);
  const bool by_lines = detail == ReportDetail::lines;
  bool is_begun = false;
  for (;;) {
    const std::vector<Statement> some = TRY(rows.next());
    if (some.empty()) break;
    if (!is_begun) {
      // The rows have pages of their own.
      sheet.need(kWholePage);
      sheet.table_head(by_lines ? line_table_columns(false) : tenant_columns());
      is_begun = true;
    }
    for (const Statement& statement : some) {
      if (by_lines) {
        put_lines(statement, false, sheet);
      } else {
        put_tenant(tenant_paper_row(statement, columns), sheet);
      }
    }
  }
  sheet.end();
  return {};
}

void lay_out_statement(const Statement& statement, const Printing& printing, PaperSheet& sheet) {
  const std::vector<PaperFact> facts = statement_facts(statement);
  put_title("Statement, " + shown_month(statement.period), fact(facts, "Tenant").text,
            fact(facts, "Tenant ID").text + (statement.is_closed
                                                 ? " · closed: these figures never change"
                                                 : " · open: the figures are those of the moment"),
            sheet);
  const std::string& health = fact(facts, "Health").text;
  sheet.cards({{"Overage cost", money_text(fact(facts, "Overage cost"), fact(facts, "Currency")),
                paper::kAccent},
               {"Plan", fact(facts, "Plan").text},
               {"Health", health.empty() ? "not known" : health, health_color(health)}});
  const PaperCell& error = fact(facts, "Billing error");
  if (!error.is_empty())
    sheet.paragraph(error.text, {.size = kMain, .is_bold = true, .color = paper::kRed}, 360);
  sheet.heading("Line items");
  sheet.table_head(line_table_columns(true));
  put_lines(statement, true, sheet);
  sheet.skip(60);
  sheet.text({sheet.left() + kPad, sheet.top(), sheet.width() - 2 * kPad, kMain},
             "Total, rounded to the currency: " +
                 money_text(fact(facts, "Overage cost"), fact(facts, "Currency")),
             {.size = 100, .is_bold = true, .color = paper::kInk, .align = Align::right});
  sheet.skip(420);
  sheet.need(kChartsNeed);
  sheet.heading("The year");
  sheet.charts(printing.year, kChartsUpright);
  sheet.end();
}

}  // namespace

Result<> print_report(ReportRows rows, ReportDetail detail, const Printing& printing) {
  const ReportHead& head = rows.head();
  PaperSheet::Frame frame{
      .size = kLying,
      .title = "Usage report, " + shown_month(head.period),
      .made_at = "Metergate · made " + to_text(head.generated_at, printing.zone)};
  PaperSheet counted(frame, nullptr);
  TRY(lay_out_report(rows, detail, printing, counted));
  frame.pages_total = counted.pages();
  PdfPages pages = TRY(PdfPages::create({.width = kLying.width,
                                         .height = kLying.height,
                                         .title = frame.title,
                                         .made_at = head.generated_at},
                                        printing.file));
  PaperSheet sheet(frame, &pages);
  TRY(lay_out_report(std::move(rows), detail, printing, sheet));
  return pages.finish();
}

Result<> print_statement(const Statement& statement, Timestamp made_at, const Printing& printing) {
  PaperSheet::Frame frame{
      .size = kUpright,
      .title = "Statement, " + shown_month(statement.period) + ", " + statement.tenant_name,
      .made_at = "Metergate · made " + to_text(made_at, printing.zone)};
  PaperSheet counted(frame, nullptr);
  lay_out_statement(statement, printing, counted);
  frame.pages_total = counted.pages();
  PdfPages pages = TRY(PdfPages::create({.width = kUpright.width,
                                         .height = kUpright.height,
                                         .title = frame.title,
                                         .made_at = made_at},
                                        printing.file));
  PaperSheet sheet(frame, &pages);
  lay_out_statement(statement, printing, sheet);
  return pages.finish();
}

}  // namespace metergate
