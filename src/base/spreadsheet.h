// Spreadsheet: an XLSX file (ECMA-376), written row by row, so that however many there are, one row
// of each sheet is in memory.
//
// A number is a number cell where what a spreadsheet reads back is the same decimal (it keeps a
// binary number of 64 bits: any 15 digits), and else text with every digit. Text is text: nothing
// in it is run as a formula. The same content makes the same bytes. One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"
#include "base/time.h"

namespace metergate {

struct SheetColumn {
  std::string title;
  int width = 12;  // in characters
};

struct SpreadsheetOptions {
  std::string path;               // of the file, which is there and empty
  std::filesystem::path scratch;  // where what is written meanwhile lies
  std::string title;
  Timestamp made_at{};
};

class Spreadsheet {
 public:
  explicit Spreadsheet(const SpreadsheetOptions& options);
  ~Spreadsheet();
  Spreadsheet(const Spreadsheet&) = delete;
  Spreadsheet& operator=(const Spreadsheet&) = delete;

  // One part of the workbook, filled cell by cell and row by row. Where a sheet is full (1,048,576
  // rows) its rows go on in another of the same name and a number.
  class Sheet {
   public:
    void text(std::string_view value);
    void number(Decimal value);
    void emphasised(std::string_view value);  // text, bold
    void empty() { ++column_; }
    void end_row();

   private:
    friend class Spreadsheet;
    Sheet(Spreadsheet& book, std::string name, std::vector<SheetColumn> columns);
    void begin();
    Spreadsheet& book_;
    std::string name_;
    std::vector<SheetColumn> columns_;
    int number_ = 0;         // of its sheets
    void* sheet_ = nullptr;  // the library's
    std::uint32_t row_ = 0;
    std::uint16_t column_ = 0;
  };
  // Lives as long as the spreadsheet. Without titles there is no header.
  Sheet& add(std::string name, std::vector<SheetColumn> columns);

  // Puts the file together. ErrorCode::storage where there is no room for it.
  Result<> finish();

  static bool holds_exactly(Decimal value);
  static constexpr std::uint32_t kRowsMax = 1'048'576;

 private:
  struct Book;
  std::unique_ptr<Book> book_;
  std::vector<std::unique_ptr<Sheet>> sheets_;
};

}  // namespace metergate
