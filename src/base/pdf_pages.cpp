#include "base/pdf_pages.h"

#include <optional>

#ifdef METERGATE_PRINTS
#include <cairo/cairo-pdf.h>
#include <dlfcn.h>
#include <pango/pangocairo.h>

#include <array>
#include <mutex>
#endif

namespace metergate {

#ifdef METERGATE_PRINTS

// Pango and Cairo are loaded at the first PDF, so that the program runs on machines without them.
namespace {

// Each is the library's function of that name.
#define METERGATE_PRINT_FUNCTIONS(X)          \
  X(cairo_create)                             \
  X(cairo_destroy)                            \
  X(cairo_fill)                               \
  X(cairo_line_to)                            \
  X(cairo_move_to)                            \
  X(cairo_pdf_surface_create_for_stream)      \
  X(cairo_pdf_surface_set_metadata)           \
  X(cairo_rectangle)                          \
  X(cairo_set_line_width)                     \
  X(cairo_set_source_rgb)                     \
  X(cairo_show_page)                          \
  X(cairo_status)                             \
  X(cairo_status_to_string)                   \
  X(cairo_stroke)                             \
  X(cairo_surface_destroy)                    \
  X(cairo_surface_finish)                     \
  X(cairo_surface_status)                     \
  X(g_object_unref)                           \
  X(pango_cairo_create_layout)                \
  X(pango_cairo_show_layout)                  \
  X(pango_font_description_free)              \
  X(pango_font_description_new)               \
  X(pango_font_description_set_absolute_size) \
  X(pango_font_description_set_family)        \
  X(pango_font_description_set_weight)        \
  X(pango_layout_get_baseline)                \
  X(pango_layout_get_size)                    \
  X(pango_layout_get_unknown_glyphs_count)    \
  X(pango_layout_set_ellipsize)               \
  X(pango_layout_set_font_description)        \
  X(pango_layout_set_height)                  \
  X(pango_layout_set_text)                    \
  X(pango_layout_set_width)                   \
  X(pango_layout_set_wrap)

struct PrintLibrary {
#define METERGATE_MEMBER(name) decltype(&::name) name = nullptr;
  METERGATE_PRINT_FUNCTIONS(METERGATE_MEMBER)
#undef METERGATE_MEMBER
};

constexpr std::array kNames = {"libgobject-2.0.so.0", "libcairo.so.2", "libpango-1.0.so.0",
                               "libpangocairo-1.0.so.0"};

std::unexpected<Error> refuse_to_print(const std::string& what) {
  return fail(ErrorCode::disabled,
              "a PDF cannot be printed here: " + what +
                  "; install it (apt-get install libpangocairo-1.0-0 fonts-dejavu-core), or take "
                  "the format xlsx, csv or json");
}

void* find_symbol(const std::array<void*, kNames.size()>& libraries, const char* name) {
  for (void* library : libraries) {
    if (void* symbol = ::dlsym(library, name); symbol != nullptr) return symbol;
  }
  return nullptr;
}

// The libraries are never unloaded, since they keep state of their own, above all fonts.
Result<PrintLibrary> load() {
  std::array<void*, kNames.size()> libraries{};
  for (std::size_t at = 0; at < kNames.size(); ++at) {
    libraries[at] = ::dlopen(kNames[at], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (libraries[at] == nullptr)
      return refuse_to_print(std::string{kNames[at]} + " is not installed");
  }
  PrintLibrary library;
  const char* missing = nullptr;
#define METERGATE_FIND(name)                                                         \
  library.name = reinterpret_cast<decltype(&::name)>(find_symbol(libraries, #name)); \
  if (library.name == nullptr) missing = #name;
  METERGATE_PRINT_FUNCTIONS(METERGATE_FIND)
#undef METERGATE_FIND
  if (missing != nullptr)
    return refuse_to_print(std::string{"the Pango that is installed is too old, it lacks "} +
                           missing);
  return library;
}

// Once loaded it stays. ErrorCode::disabled says what is missing and what to install.
Result<const PrintLibrary*> print_library() {
  // A failure is not kept: who installs what is missing need not restart.
  static std::mutex mutex;
  static std::optional<PrintLibrary> loaded;
  const std::lock_guard lock{mutex};
  if (!loaded) loaded = TRY(load());
  return &*loaded;
}

constexpr double kUnitsPerPoint = 10.0;
constexpr double kHairline = 0.5;
// The first that is installed has the Latin letters; Pango finds others for what it has not.
constexpr const char* kFamilies = "Noto Sans, DejaVu Sans, Liberation Sans, sans-serif";

double points(int length) { return length / kUnitsPerPoint; }
int pango_units(int length) { return static_cast<int>(points(length) * PANGO_SCALE); }
int from_pango(int units) { return static_cast<int>(units * kUnitsPerPoint / PANGO_SCALE + 0.5); }
double part(std::uint8_t value) { return value / 255.0; }

}  // namespace

struct PdfPages::Canvas {
  const PrintLibrary& print;
  ScratchFile& file;
  Result<> written{};
  cairo_surface_t* surface = nullptr;
  cairo_t* cairo = nullptr;
  PangoLayout* layout = nullptr;
  std::string unprintable{};  // the first text with a character that no font has

  Canvas(const PrintLibrary& library, const PdfOptions& options, ScratchFile& to)
      : print(library), file(to) {
    surface = print.cairo_pdf_surface_create_for_stream(&Canvas::write, this, points(options.width),
                                                        points(options.height));
    // Without the milliseconds, which a PDF has none of.
    const std::string made_at = to_text(options.made_at).substr(0, 19) + 'Z';
    print.cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, options.title.c_str());
    print.cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR, "Metergate");
    print.cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, made_at.c_str());
    print.cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, made_at.c_str());
    cairo = print.cairo_create(surface);
    layout = print.pango_cairo_create_layout(cairo);
  }
  ~Canvas() {
    print.g_object_unref(layout);
    print.cairo_destroy(cairo);
    print.cairo_surface_destroy(surface);
  }
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  static cairo_status_t write(void* self, const unsigned char* bytes, unsigned length) {
    auto* canvas = static_cast<Canvas*>(self);
    if (canvas->written)
      canvas->written =
          canvas->file.append({reinterpret_cast<const char*>(bytes), std::size_t{length}});
    return canvas->written ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
  }

  void set_color(Color color) {
    print.cairo_set_source_rgb(cairo, part(color.red), part(color.green), part(color.blue));
  }

  // Where the layout's box has no width, it is as wide as its text.
  void lay_out(std::string_view text, const TextStyle& style, std::optional<Box> box) {
    PangoFontDescription* font = print.pango_font_description_new();
    print.pango_font_description_set_family(font, kFamilies);
    print.pango_font_description_set_absolute_size(font, pango_units(style.size));
    print.pango_font_description_set_weight(
        font, style.is_bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    print.pango_layout_set_font_description(layout, font);
    print.pango_font_description_free(font);
    print.pango_layout_set_width(layout, box ? pango_units(box->width) : -1);
    print.pango_layout_set_height(layout, box ? pango_units(box->height) : -1);
    print.pango_layout_set_ellipsize(layout, box ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
    print.pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    print.pango_layout_set_text(layout, text.data(), static_cast<int>(text.size()));
  }

  std::pair<int, int> size() {
    int width = 0;
    int height = 0;
    print.pango_layout_get_size(layout, &width, &height);
    return {from_pango(width), from_pango(height)};
  }

  void show(int left, int top, std::string_view text, Color color) {
    if (unprintable.empty() && print.pango_layout_get_unknown_glyphs_count(layout) > 0)
      unprintable = text;
    set_color(color);
    print.cairo_move_to(cairo, points(left), points(top));
    print.pango_cairo_show_layout(cairo, layout);
  }
};

Result<> PdfPages::check() {
  TRY(print_library());
  return {};
}

Result<PdfPages> PdfPages::create(const PdfOptions& options, ScratchFile& file) {
  const PrintLibrary* library = TRY(print_library());
  return PdfPages{std::make_unique<Canvas>(*library, options, file)};
}

void PdfPages::area(const Box& box, Color color) {
  const PrintLibrary& print = canvas_->print;
  canvas_->set_color(color);
  print.cairo_rectangle(canvas_->cairo, points(box.left), points(box.top), points(box.width),
                        points(box.height));
  print.cairo_fill(canvas_->cairo);
}

void PdfPages::line(Place from, Place to, Color color) {
  const PrintLibrary& print = canvas_->print;
  canvas_->set_color(color);
  print.cairo_set_line_width(canvas_->cairo, kHairline);
  print.cairo_move_to(canvas_->cairo, points(from.left), points(from.top));
  print.cairo_line_to(canvas_->cairo, points(to.left), points(to.top));
  print.cairo_stroke(canvas_->cairo);
}

void PdfPages::text(const Box& box, std::string_view text, const TextStyle& style) {
  canvas_->lay_out(text, style, std::nullopt);
  int width = canvas_->size().first;
  if (width > box.width) {
    canvas_->lay_out(text, style, Box{.width = box.width, .height = style.size});
    width = box.width;
  }
  int left = box.left;
  if (style.align == Align::right) left += box.width - width;
  if (style.align == Align::center) left += (box.width - width) / 2;
  canvas_->show(left, box.top, text, style.color);
}

int PdfPages::paragraph(const Box& box, std::string_view text, const TextStyle& style) {
  canvas_->lay_out(text, style, box);
  canvas_->show(box.left, box.top, text, style.color);
  return canvas_->size().second;
}

int PdfPages::width_of(std::string_view text, const TextStyle& style) {
  canvas_->lay_out(text, style, std::nullopt);
  return canvas_->size().first;
}

void PdfPages::end_page() { canvas_->print.cairo_show_page(canvas_->cairo); }

Result<> PdfPages::finish() {
  const PrintLibrary& print = canvas_->print;
  print.cairo_surface_finish(canvas_->surface);
  TRY(std::move(canvas_->written));
  const cairo_status_t status = print.cairo_surface_status(canvas_->surface);
  if (status != CAIRO_STATUS_SUCCESS)
    return fail(ErrorCode::internal,
                std::string{"the PDF was not made: "} + print.cairo_status_to_string(status));
  if (canvas_->unprintable.empty()) return {};
  return fail(ErrorCode::disabled,
              "a PDF cannot be printed here: no font that is installed has all characters of \"" +
                  canvas_->unprintable +
                  "\"; install one (apt-get install fonts-noto-core fonts-noto-cjk "
                  "fonts-noto-color-emoji), or take the format xlsx, csv or json");
}

#else

namespace {

std::unexpected<Error> refuse() {
  return fail(ErrorCode::disabled,
              "this program was built without what prints a PDF (METERGATE_PDF=OFF); take the "
              "format xlsx, csv or json");
}

}  // namespace

struct PdfPages::Canvas {};
Result<> PdfPages::check() { return refuse(); }
Result<PdfPages> PdfPages::create(const PdfOptions&, ScratchFile&) { return refuse(); }
void PdfPages::area(const Box&, Color) {}
void PdfPages::line(Place, Place, Color) {}
void PdfPages::text(const Box&, std::string_view, const TextStyle&) {}
int PdfPages::paragraph(const Box&, std::string_view, const TextStyle&) { return 0; }
int PdfPages::width_of(std::string_view, const TextStyle&) { return 0; }
void PdfPages::end_page() {}
Result<> PdfPages::finish() { return refuse(); }

#endif

PdfPages::PdfPages(std::unique_ptr<Canvas> canvas) : canvas_(std::move(canvas)) {}
PdfPages::~PdfPages() = default;
PdfPages::PdfPages(PdfPages&&) noexcept = default;

}  // namespace metergate
