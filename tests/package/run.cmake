# Installs vitals into a folder of the test's own and takes it in from there, and from its source folder.
file(REMOVE_RECURSE ${BUILD}/work)
set(configure ${CMAKE_COMMAND} -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_BUILD_TYPE=Debug)

function(must)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${output}")
  endif()
endfunction()

must(${configure} -S ${SOURCE} -B ${BUILD}/work/vitals -D CMAKE_INSTALL_PREFIX=${BUILD}/work/prefix
  -D VITALS_TESTS=OFF -D VITALS_EXAMPLES=OFF)
must(${CMAKE_COMMAND} --install ${BUILD}/work/vitals)

string(REGEX MATCH "^[0-9]+\\.[0-9]+" minor ${VERSION})
function(consume name)
  must(${configure} -S ${SOURCE}/tests/package/consumer -B ${BUILD}/work/${name}
    -D CMAKE_PREFIX_PATH=${BUILD}/work/prefix ${ARGN})
endfunction()
consume(by_minor_version -D WANTED=${minor})
consume(by_version -D WANTED=${VERSION} -D COMPONENTS=http)
must(${CMAKE_COMMAND} --build ${BUILD}/work/by_version)
must(${BUILD}/work/by_version/counts)
must(${BUILD}/work/by_version/serves)

must(${configure} -S ${SOURCE}/tests/package/subdirectory -B ${BUILD}/work/subdirectory -D VITALS=${SOURCE})
must(${CMAKE_COMMAND} --build ${BUILD}/work/subdirectory)
must(${BUILD}/work/subdirectory/counts)
must(${BUILD}/work/subdirectory/serves)

# The single header alone, without CMake.
file(COPY ${SOURCE}/single_include/vitals/vitals.hpp DESTINATION ${BUILD}/work/alone/vitals)
must(${COMPILER} -std=c++20 -I ${BUILD}/work/alone ${SOURCE}/tests/package/counts.cpp -o ${BUILD}/work/alone/counts)
must(${BUILD}/work/alone/counts)

# A version that may differ is refused, and so is a component that is none.
foreach(wrong "0.0" "0.2" "1.0" "0.1.99")
  execute_process(COMMAND ${configure} -S ${SOURCE}/tests/package/consumer -B ${BUILD}/work/wrong_${wrong}
    -D CMAKE_PREFIX_PATH=${BUILD}/work/prefix -D WANTED=${wrong} ERROR_VARIABLE error OUTPUT_QUIET RESULT_VARIABLE result)
  string(REGEX REPLACE "[ \n]+" " " error "${error}")
  if(result EQUAL 0 OR NOT error MATCHES "compatible with requested version")
    message(FATAL_ERROR "find_package(vitals ${wrong}) takes version ${VERSION}:\n${error}")
  endif()
endforeach()
execute_process(COMMAND ${configure} -S ${SOURCE}/tests/package/consumer -B ${BUILD}/work/wrong_component
  -D CMAKE_PREFIX_PATH=${BUILD}/work/prefix -D COMPONENTS=grpc ERROR_VARIABLE error OUTPUT_QUIET RESULT_VARIABLE result)
string(REGEX REPLACE "[ \n]+" " " error "${error}")
if(result EQUAL 0 OR NOT error MATCHES "no component grpc")
  message(FATAL_ERROR "find_package(vitals COMPONENTS grpc) finds something:\n${error}")
endif()
