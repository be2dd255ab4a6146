# The client libraries: each by itself, each against a real server in trouble, and what their documentation says.
set(clients ${CMAKE_CURRENT_SOURCE_DIR}/clients)

function(metergate_client_test name)
  add_test(NAME client_${name} COMMAND ${ARGN})
  set_tests_properties(client_${name} PROPERTIES TIMEOUT 120)
endfunction()
function(metergate_python_client_test name script)
  metergate_client_test(${name} Python3::Interpreter ${clients}/${script} $<TARGET_FILE:metergate> ${ARGN})
endfunction()

add_executable(client_exactly_once clients/cpp/exactly_once.cpp)
target_link_libraries(client_exactly_once PRIVATE metergate_client)
metergate_python_client_test(cpp_exactly_once exactly_once.py $<TARGET_FILE:client_exactly_once>)
metergate_python_client_test(cpp_middleware cpp/middleware_test.py $<TARGET_FILE:beast_middleware>)

metergate_python_client_test(php_exactly_once exactly_once.py php ${clients}/php/exactly_once.php)
metergate_client_test(php php ${clients}/php/client_test.php)

metergate_python_client_test(js_exactly_once exactly_once.py node ${clients}/js/exactly_once.mjs)
metergate_client_test(js node --test ${clients}/js/metergate_test.mjs)
metergate_client_test(js_generated node ${CMAKE_SOURCE_DIR}/clients/js/generate.mjs --check)
metergate_client_test(js_types sh -c "npm ci --silent --no-audit --no-fund && npx --no-install tsc -p .")
set_tests_properties(client_js_types PROPERTIES WORKING_DIRECTORY ${clients}/js/types)

metergate_python_client_test(schema schema_test.py)
metergate_python_client_test(examples examples_test.py ${CMAKE_BINARY_DIR})
