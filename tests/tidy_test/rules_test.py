#!/usr/bin/env python3
"""Shows that tidy.py finds a breach of each of its rules, and leaves sound code alone."""

import pathlib
import tempfile
import unittest
import unittest.mock

import tidy
import wrap

LEFT_OVER = "TO" + "DO"


def with_readmes(files):
    """The files, and for each room of theirs a README."""
    rooms = {name.rpartition("/")[0] for name in files if name.count("/") == 3}
    return {f"{room}/README.md": "Owns nothing.\n" for room in rooms} | files


def findings_of(files):
    """What tidy says of a tree made of these files, one text a finding."""
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder)
        (tree / "src").mkdir()
        for name, text in with_readmes(files).items():
            file = tree / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return [str(finding) for finding in tidy.check_tree(tree)]


class TidyTest(unittest.TestCase):
    def assert_found(self, name, text, expected):
        found = findings_of({name: text})
        self.assertTrue(any(expected in line for line in found), f"{expected!r} not in {found}")

    def assert_sound(self, name, text):
        self.assertEqual(findings_of({name: text}), [])


class IncludeRules(TidyTest):
    def test_base_includes_no_floor_above(self):
        self.assert_found("src/base/a.h", '#include "domain/money.h"\n',
                          "base may not include domain")

    def test_domain_includes_only_the_plain_files_of_base(self):
        self.assert_found("src/domain/a.h", '#include "base/json.h"\n', "domain may include only")
        self.assert_sound("src/domain/a.h", '#include "base/decimal.h"\n')

    def test_domain_and_http_do_not_include_each_other(self):
        self.assert_found("src/domain/a.h", '#include "http/words/message.h"\n',
                          "domain may not include http")
        self.assert_found("src/http/words/a.h", '#include "domain/money.h"\n',
                          "http may not include domain")

    def test_storage_does_not_include_service(self):
        self.assert_found("src/storage/bytes/a.h", '#include "service/shared/actor.h"\n',
                          "storage may not include service")

    def test_service_sees_the_face_of_the_store_only(self):
        self.assert_found("src/service/shared/a.h", '#include "storage/journal/journal.h"\n',
                          "service may include only")
        self.assert_sound("src/service/shared/a.h", '#include "storage/shapes/store.h"\n')

    def test_service_knows_no_http(self):
        self.assert_found("src/service/shared/a.h", '#include "http/words/message.h"\n',
                          "service may not include http")

    def test_api_does_not_reach_around_service(self):
        self.assert_found("src/api/a.h", '#include "storage/shapes/store.h"\n',
                          "api may not include storage")

    def test_a_type_stands_once_in_its_namespace(self):
        one = "#pragma once\nnamespace a {\n\nnamespace b {\nstruct C {};\n}  // namespace b\n\nstruct C {\n};\n\n}  // namespace a\n"
        self.assertTrue(any("a::C is defined in src/base/x.h, too" in line
                            for line in findings_of({"src/base/x.h": one, "src/base/y.h": one.replace("b", "d")})))
        self.assertEqual(findings_of({"src/base/x.h": one, "src/base/y.h": one.replace("namespace a", "namespace e")}), [])

    def test_gateway_does_not_reach_around_service(self):
        self.assert_found("src/gateway/a.h", '#include "storage/shapes/store.h"\n',
                          "gateway may not include storage")

    def test_workers_use_of_http_the_client_only(self):
        self.assert_found("src/workers/a.h", '#include "http/server/server.h"\n',
                          "workers may include only")
        self.assert_sound("src/workers/a.h", '#include "http/outbound/outbound.h"\n')

    def test_doors_do_not_include_each_other(self):
        self.assert_found("src/api/a.h", '#include "workers/jobs.h"\n',
                          "api may not include workers")
        self.assert_found("src/workers/a.h", '#include "gateway/gateway.h"\n',
                          "workers may not include gateway")

    def test_nothing_includes_app(self):
        self.assert_found("src/api/a.h", '#include "app/config.h"\n', "nothing includes app")

    def test_app_includes_everything(self):
        self.assert_sound("src/app/a.h", '#include "storage/engine/open_store.h"\n'
                                         '#include "workers/jobs.h"\n')

    def test_the_client_stands_alone(self):
        self.assert_found("src/client/a.cpp", '#include "base/result.h"\n',
                          "client may not include base")
        self.assert_found("src/client/a.cpp", "#include <fmt/format.h>\n", "does not wrap")
        self.assert_sound("src/client/a.cpp", "#include <sys/socket.h>\n#include <vector>\n"
                                              '#include "client/b.h"\n'
                                              '#include "metergate/client.h"\n')

    def test_a_public_header_includes_nothing_private(self):
        self.assert_found("include/metergate/client.h", '#include "client/buffer.h"\n',
                          "a public header")
        self.assert_found("include/metergate/client.h", '#include "base/result.h"\n',
                          "a public header")
        self.assert_sound("include/metergate/client.h", "#include <string>\n"
                                                        '#include "metergate/problem.h"\n')

    def test_the_server_does_not_use_the_public_client(self):
        for floor in ("app", "service"):
            self.assert_found(f"src/{floor}/a.cpp", '#include "metergate/client.h"\n',
                              "for applications")
            self.assert_found(f"src/{floor}/a.cpp", '#include "client/buffer.h"\n',
                              f"{floor} may not include client")

    def test_libraries_stay_out_of_headers(self):
        self.assert_found("src/storage/bytes/a.h", "#include <rocksdb/db.h>\n", "belongs in the .cpp")
        self.assert_found("src/base/a.h", "#include <unistd.h>\n", "belongs in the .cpp")

    def test_asio_may_stand_in_headers_of_http(self):
        self.assert_sound("src/http/words/a.h", "#include <boost/asio/io_context.hpp>\n")

    def test_a_floor_wraps_only_its_own_libraries(self):
        self.assert_found("src/http/words/a.cpp", "#include <rocksdb/db.h>\n", "does not wrap")
        self.assert_found("src/http/words/a.cpp", "#include <zstd.h>\n", "does not wrap")
        self.assert_sound("src/http/words/a.cpp", "#include <unistd.h>\n#include <vector>\n")

    def test_a_concrete_store_is_named_in_app_and_tests_only(self):
        self.assert_found("src/service/shared/a.h", '#include "storage/engine/memory_store.h"\n',
                          "only app and tests name a concrete store")
        self.assert_sound("src/api/a_test.cpp", '#include "storage/engine/memory_store.h"\n')

    def test_an_include_names_its_floor(self):
        self.assert_found("src/base/a.h", '#include "result.h"\n', "does not name its floor")

    def test_a_folder_that_is_no_floor_is_found(self):
        self.assert_found("src/misc/a.h", "\n", "no floor")


class RoomRules(TidyTest):
    def test_a_room_includes_itself_and_those_before_it(self):
        self.assert_sound("src/service/billing/a.h", '#include "service/billing/b.h"\n'
                                                     '#include "service/tenants/b.h"\n')
        self.assert_found("src/service/tenants/a.h", '#include "service/billing/b.h"\n',
                          "the room tenants may include shared")
        self.assert_found("src/storage/bytes/a.h", '#include "storage/kv/b.h"\n',
                          "the room bytes may include no other")

    def test_a_file_in_the_wrong_room_is_found_whichever_way_it_is_wrong(self):
        house = {"src/http/words/a.h": "\n", "src/http/net/b.h": '#include "http/words/a.h"\n',
                 "src/http/wire/c.h": '#include "http/net/b.h"\n'}
        self.assertEqual(findings_of(house), [])
        too_low = {"src/http/words/a.h": "\n", "src/http/words/b.h": '#include "http/words/a.h"\n',
                   "src/http/words/c.h": '#include "http/net/b.h"\n'}
        self.assertIn("the room words may include no other", findings_of(too_low)[0])
        too_high = {"src/http/words/a.h": "\n", "src/http/outbound/b.h": '#include "http/words/a.h"\n',
                    "src/http/wire/c.h": '#include "http/outbound/b.h"\n'}
        self.assertIn("the room wire may include words, net", findings_of(too_high)[0])

    def test_a_file_lies_in_a_room_that_is_known(self):
        self.assert_found("src/service/a.h", "\n", "lies in no room")
        self.assert_found("src/service/misc/a.h", "\n", "lies in no room")
        self.assert_found("src/service/shared/more/a.h", "\n", "lies in no room")

    def test_tests_may_include_every_room_and_nothing_else_the_one_for_tests(self):
        self.assert_sound("src/storage/bytes/a_test.cpp", '#include "storage/engine/b.h"\n')
        self.assert_sound("src/storage/testing/a_test.h", '#include "storage/engine/b.h"\n')
        self.assert_found("src/storage/bytes/a.h", '#include "storage/testing/b_test.h"\n',
                          "is for tests only")
        self.assert_found("src/storage/testing/a.h", "\n", "holds what only tests need")

    def test_a_room_of_25_files_passes_and_of_26_does_not(self):
        room = {f"src/http/net/a{number}.h": "\n" for number in range(25)}
        room["src/http/net/a_test.cpp"] = "\n"
        self.assertEqual(findings_of(room), [])
        self.assertIn("26 files besides tests", findings_of(room | {"src/http/net/b.h": "\n"})[0])

    def test_a_room_has_a_readme_of_at_most_eight_lines(self):
        self.assert_sound("src/http/net/README.md", "\n" * 8)
        self.assert_found("src/http/net/README.md", "\n" * 9, "9 lines")
        with unittest.mock.patch(f"{__name__}.with_readmes", lambda files: files):
            self.assert_found("src/http/net/a.h", "\n", "no README.md")


class PageRules(TidyTest):
    def test_a_page_names_units_that_are_there(self):
        page = "`http/net/a` reads what `http/net/b.h` and the room `http/net` have.\n"
        house = {"docs/tour.md": page, "src/http/net/a.cpp": "\n", "src/http/net/b.h": "\n"}
        self.assertEqual(findings_of(house), [])
        del house["src/http/net/a.cpp"]
        self.assertEqual(findings_of(house), ["docs/tour.md:1: src/http/net/a is not there"])


class SizeRules(TidyTest):
    def test_a_file_of_600_lines_passes_and_of_601_does_not(self):
        self.assert_sound("src/base/a.h", "\n" * 600)
        self.assert_sound("docs/api.md", "\n" * 601)
        self.assert_found("src/base/a.h", "\n" * 601, "601 lines")

    def function_of(self, lines, head="int f(int a) {", end="}\n"):
        return head + "\n" + "  a();\n" * (lines - 2) + end

    def test_a_function_of_60_lines_passes_and_of_61_does_not(self):
        self.assert_sound("src/base/a.h", self.function_of(60))
        self.assert_found("src/base/a.h", self.function_of(61), "a function of 61 lines")

    def test_functions_are_measured_inside_namespaces_and_classes(self):
        code = "namespace a {\nclass B final : public C {\n public:\n" + \
            self.function_of(61, "  D e() const override {") + "};\n}\n"
        self.assert_found("src/base/a.h", code, "src/base/a.h:4: a function of 61 lines")

    def test_a_constructor_that_initialises_with_braces_is_measured(self):
        self.assert_found("src/base/a.h", self.function_of(61, "A::A(int b) : b_{b}, c_{} {"),
                          "a function of 61 lines")

    def test_an_operator_and_a_test_are_measured(self):
        self.assert_found("src/base/a.h", self.function_of(61, "bool operator==(A a, A b) {"),
                          "a function of 61 lines")
        self.assert_found("src/base/a_test.cpp", self.function_of(61, "TEST(A, IsB) {"),
                          "a function of 61 lines")

    def test_a_long_table_is_no_function(self):
        self.assert_sound("src/base/a.h", "constexpr std::array<A, 9> kRows = {{\n" +
                          "    {A{}, f(1)},\n" * 80 + "}};\n")

    def test_braces_in_texts_and_comments_do_not_count(self):
        code = 'int f() {\n  g("{{", \'{\');  // {{\n}\n'
        self.assert_sound("src/base/a.h", code * 30)

    def test_a_line_of_100_columns_passes_and_of_101_does_not(self):
        self.assert_sound("src/base/a.h", "//" + "a" * 98 + "\n")
        self.assert_found("src/base/a.h", "//" + "a" * 99 + "\n", "101 columns")

    def test_a_line_of_prose_of_120_columns_passes_and_of_121_does_not(self):
        self.assert_sound("docs/a.md", "a " * 59 + "aa\n")
        for page in ("docs/a.md", "README.md", "deploy/README.md"):
            self.assert_found(page, "a " * 60 + "a\n", "121 columns")

    def test_tables_code_and_addresses_may_be_longer(self):
        self.assert_sound("docs/a.md", "| a |" + " b |" * 60 + "\n\n```\n" + "a " * 90 + "\n```\n" + "a" * 200 + "\n")

    def test_prose_is_wrapped_as_it_is_held(self):
        page = "# A\n\n* " + "word " * 60 + "\n  and more\n* short\n\n| " + "a " * 90 + "|\n\n```\n" + "b " * 90 + "\n```\n"
        page = "\n".join(line.rstrip() for line in page.splitlines()) + "\n"
        held = wrap.wrap(page)
        self.assert_sound("docs/a.md", held)
        self.assertEqual(held.split(), page.split())
        self.assertEqual(wrap.wrap(held), held)


class WordRules(TidyTest):
    def test_type_names_that_say_nothing_are_found(self):
        for name in ("StoreManager", "JsonHelper", "TimeUtil", "StoreImpl", "UserData", "FileInfo"):
            self.assert_found("src/base/a.h", f"class {name};\n", f"{name}: a name that says")

    def test_names_that_only_contain_such_a_word_pass(self):
        self.assert_sound("src/base/a.h", "struct Database;\nstruct Information;\n")

    def test_file_names_that_say_nothing_are_found(self):
        self.assert_found("src/base/string_util.h", "\n", "string_util.h: a name that says")

    def test_a_comment_that_begins_with_a_clause_is_found(self):
        for text in ("// What is below 0.\n", "int a;\n  // Of a tenant.\nint b;\n", "\n// Whether it is.\n"):
            self.assert_found("src/base/a.h", text, "begin with its noun")

    def test_such_a_word_later_in_a_comment_passes(self):
        self.assert_sound("src/base/a.h", "// The limit\n// Of a tenant.\nint a;\n// Whatever comes.\nint b;\n")

    def test_left_over_work_is_found(self):
        self.assert_found("src/base/a.h", f"// {LEFT_OVER}: later\n", "is left in the text")
        self.assert_found("docs/a.md", f"{LEFT_OVER}\n", "is left in the text")


class SourceRules(TidyTest):
    def test_floating_point_stays_out_of_money_and_storage(self):
        for name in ("src/domain/a.h", "src/service/shared/a.h", "src/storage/bytes/a.h", "src/base/decimal.h",
                     "src/base/json_parse.h"):
            self.assert_found(name, "double price;\n", "double: money and units")
            self.assert_found(name, "f(float{1});\n", "float: money and units")

    def test_floating_point_in_comments_and_other_floors_passes(self):
        self.assert_sound("src/domain/a.h", "// never a double\n")
        self.assert_sound("src/http/words/a.h", "double rate;\n")

    def test_a_parameter_without_a_name_passes(self):
        self.assert_sound("src/base/json_parse.h", "bool on_double(double, int code);\n")

    def test_hidden_clocks_and_environments_are_found(self):
        for code in ("std::chrono::system_clock::now()", "time(nullptr)", 'std::getenv("A")',
                     "rand()", "std::random_device device"):
            self.assert_found("src/http/words/a.cpp", f"auto a = {code};\n", "is passed in")

    def test_clock_and_environment_have_one_home_each(self):
        self.assert_sound("src/base/time.cpp", "auto a = std::chrono::system_clock::now();\n")
        self.assert_sound("src/app/config.cpp", 'auto a = std::getenv("A");\n')
        self.assert_sound("src/client/time.cpp", "auto a = std::chrono::steady_clock::now();\n")
        self.assert_found("src/client/a.cpp", "auto a = std::chrono::steady_clock::now();\n",
                          "is passed in")

    def test_a_unit_of_domain_or_service_needs_a_test(self):
        self.assert_found("src/domain/a.cpp", "\n", "no a_test.cpp beside it")
        self.assert_found("src/service/shared/a.cpp", "\n", "no a_test.cpp beside it")
        self.assertEqual(findings_of({"src/domain/a.cpp": "\n", "src/domain/a_test.cpp": "\n"}), [])

    def test_a_part_without_a_header_shares_the_test_of_its_unit(self):
        unit = {"src/service/shared/a.cpp": "\n", "src/service/shared/a_test.cpp": "\n",
                "src/service/shared/a_list.cpp": "\n"}
        self.assertEqual(findings_of(unit), [])
        found = findings_of(unit | {"src/service/shared/a_list.h": "\n"})
        self.assertEqual(len(found), 1, found)


if __name__ == "__main__":
    unittest.main()
