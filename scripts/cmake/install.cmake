# What `cmake --install` puts in place. The man page and the completions are printed by the program itself, from the
# same table of commands that it parses with, so that they cannot differ from it.
include(GNUInstallDirs)

set(generated "${CMAKE_BINARY_DIR}/generated")
file(MAKE_DIRECTORY "${generated}")
add_custom_command(OUTPUT "${generated}/headgate.1" "${generated}/headgate" "${generated}/_headgate" "${generated}/headgate.fish"
    COMMAND headgate help --format man  > "${generated}/headgate.1"
    COMMAND headgate completion bash    > "${generated}/headgate"
    COMMAND headgate completion zsh     > "${generated}/_headgate"
    COMMAND headgate completion fish    > "${generated}/headgate.fish"
    DEPENDS headgate)
add_custom_target(headgate_generated ALL DEPENDS "${generated}/headgate.1")

install(TARGETS headgate RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES "${generated}/headgate.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES "${generated}/headgate" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
install(FILES "${generated}/_headgate" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
install(FILES "${generated}/headgate.fish" DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
install(FILES pipelines/environments.schema.json pipelines/pipeline.schema.json
        DESTINATION "${CMAKE_INSTALL_DATADIR}/headgate")
