*** Settings ***
Documentation       Firmware on the boards that Renode knows: boot, info, exact inference, a training round, a reset
...                 in the middle.
...                 In a checkout that `make setup-dev` has prepared: renode-test tests/renode/boards.robot

Library             FedpaiBoard.py
Library             FedpaiLearner.py
Test Teardown       Leave The Board
Test Timeout        5 minutes


*** Variables ***
@{BOARDS}           stm32f4_discovery    nrf52840dk    arduino_nano_33_ble    stm32f746g_disco


*** Test Cases ***
Boards Boot And Say Who They Are
    FOR    ${board}    IN    @{BOARDS}
        Boot    ${board}
        Board Should Answer
        Leave The Board
    END

Boards Infer A Known Vector Exactly
    FOR    ${board}    IN    @{BOARDS}
        Boot    ${board}
        Board Should Answer
        Board Should Infer Exactly
        Leave The Board
    END

A Board That Is Reset In The Middle Starts Afresh
    Boot    stm32f4_discovery
    Board Should Answer
    Begin An Inference
    Execute Command    machine Reset
    Board Should Answer
    Board Should Have Forgotten
    Board Should Infer Exactly


A Board Trains A Round As The Host Does
    ${script}=    Make Learner    stm32f4_discovery
    Run On Renode    ${script}
    Learner Should Train A Round


*** Keywords ***
Boot
    [Arguments]    ${board}
    ${script}=    Make Board    ${board}
    Run On Renode    ${script}

Run On Renode
    [Documentation]    Fails at once where the core gives up. Not by Renode's log: once its keywords have flushed it,
    ...    Renode 1.13.3 takes 10,000 more entries and then waits for ever.
    [Arguments]    ${script}
    Execute Script    ${script}
    ${halted}=    Execute Command    sysbus.cpu IsHalted
    Should Contain    ${halted}    False

Leave The Board
    Hang Up
    Reset Emulation
