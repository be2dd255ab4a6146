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

# Third-party SDKs, unchanged: those of CloudEvents and OpenMeter, each in a folder of the build's own.
set(built ${CMAKE_CURRENT_BINARY_DIR})
set(sdk ${clients}/sdk_test.py $<TARGET_FILE:metergate>)
metergate_client_test(python_installed ${clients}/python/install.sh ${Python3_EXECUTABLE} ${built}/venv)
set_tests_properties(client_python_installed PROPERTIES FIXTURES_SETUP client_python TIMEOUT 300)
metergate_client_test(python_cloudevents ${built}/venv/bin/python ${sdk} ${built}/venv/bin/python ${clients}/python/cloudevents_send.py)
metergate_client_test(python_openmeter ${built}/venv/bin/python ${clients}/python/openmeter_test.py $<TARGET_FILE:metergate>)
set_tests_properties(client_python_cloudevents client_python_openmeter PROPERTIES FIXTURES_REQUIRED client_python)

metergate_client_test(go_installed sh -c "cd ${clients}/go && go build -o ${built}/go_send .")
metergate_client_test(java_installed mvn -q -B -f ${clients}/java/pom.xml -Dbuild.folder=${built}/java compile)
metergate_client_test(go_cloudevents Python3::Interpreter ${sdk} ${built}/go_send)
metergate_client_test(java_cloudevents Python3::Interpreter ${sdk}
  mvn -q -B -f ${clients}/java/pom.xml -Dbuild.folder=${built}/java exec:java)
foreach(language go java)
  set_tests_properties(client_${language}_installed PROPERTIES FIXTURES_SETUP client_${language} TIMEOUT 400)
  set_tests_properties(client_${language}_cloudevents PROPERTIES FIXTURES_REQUIRED client_${language} TIMEOUT 300)
endforeach()
