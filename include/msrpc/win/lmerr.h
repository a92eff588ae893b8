// SPDX-License-Identifier: Apache-2.0
/* Error numbers of the network functions (NERR_); the others that these return are in winerror.h. */
#ifndef TERN_WIN_LMERR_H
#define TERN_WIN_LMERR_H

#include "winerror.h"

/* Success. */
#define NERR_Success 0

/*
 * First number of the range. Numbers that are missing were never given out or belong to something long gone.
 */
#define NERR_BASE 2100

/* Requester and redirector. */
#define NERR_NetNotStarted     2102
#define NERR_UnknownServer     2103
#define NERR_ShareMem          2104
#define NERR_NoNetworkResource 2105
#define NERR_RemoteOnly        2106
#define NERR_DevNotRedirected  2107

/* Server and shares. */
#define NERR_ServerNotStarted 2114
#define NERR_ItemNotFound     2115
#define NERR_UnknownDevDir    2116
#define NERR_RedirectedPath   2117
#define NERR_DuplicateShare   2118
#define NERR_NoRoom           2119
#define NERR_TooManyItems     2121
#define NERR_InvalidMaxUsers  2122
#define NERR_BufTooSmall      2123

/* Remote requests and configuration. */
#define NERR_RemoteErr              2127
#define NERR_LanmanIniError         2131
#define NERR_NetworkError           2136
#define NERR_WkstaInconsistentState 2137
#define NERR_WkstaNotStarted        2138
#define NERR_BrowserNotStarted      2139
#define NERR_InternalError          2140
#define NERR_BadTransactConfig      2141
#define NERR_InvalidAPI             2142
#define NERR_BadEventName           2143
#define NERR_DupNameReboot          2144
#define NERR_CfgCompNotFound        2146
#define NERR_CfgParamNotFound       2147
#define NERR_LineTooLong            2149

/* Print queues, jobs and destinations. */
#define NERR_QNotFound        2150
#define NERR_JobNotFound      2151
#define NERR_DestNotFound     2152
#define NERR_DestExists       2153
#define NERR_QExists          2154
#define NERR_QNoRoom          2155
#define NERR_JobNoRoom        2156
#define NERR_DestNoRoom       2157
#define NERR_DestIdle         2158
#define NERR_DestInvalidOp    2159
#define NERR_ProcNoRespond    2160
#define NERR_SpoolerNotLoaded 2161
#define NERR_DestInvalidState 2162
#define NERR_QInvalidState    2163
#define NERR_JobInvalidState  2164
#define NERR_SpoolNoMemory    2165
#define NERR_DriverNotFound   2166
#define NERR_DataTypeInvalid  2167
#define NERR_ProcNotFound     2168

/* Services. */
#define NERR_ServiceTableLocked  2180
#define NERR_ServiceTableFull    2181
#define NERR_ServiceInstalled    2182
#define NERR_ServiceEntryLocked  2183
#define NERR_ServiceNotInstalled 2184
#define NERR_BadServiceName      2185
#define NERR_ServiceCtlTimeout   2186
#define NERR_ServiceCtlBusy      2187
#define NERR_BadServiceProgName  2188
#define NERR_ServiceNotCtrl      2189
#define NERR_ServiceKillProc     2190
#define NERR_ServiceCtlNotValid  2191
#define NERR_NotInDispatchTbl    2192
#define NERR_BadControlRecv      2193
#define NERR_ServiceNotStarting  2194

/* Workstation logon. */
#define NERR_AlreadyLoggedOn     2200
#define NERR_NotLoggedOn         2201
#define NERR_BadUsername         2202
#define NERR_BadPassword         2203
#define NERR_UnableToAddName_W   2204
#define NERR_UnableToAddName_F   2205
#define NERR_UnableToDelName_W   2206
#define NERR_UnableToDelName_F   2207
#define NERR_LogonsPaused        2209
#define NERR_LogonServerConflict 2210
#define NERR_LogonNoUserPath     2211
#define NERR_LogonScriptError    2212
#define NERR_StandaloneLogon     2214
#define NERR_LogonServerNotFound 2215
#define NERR_LogonDomainExists   2216
#define NERR_NonValidatedLogon   2217

/* Accounts: users, groups, passwords and their database. */
#define NERR_ACFNotFound          2219
#define NERR_GroupNotFound        2220
#define NERR_UserNotFound         2221
#define NERR_ResourceNotFound     2222
#define NERR_GroupExists          2223
#define NERR_UserExists           2224
#define NERR_ResourceExists       2225
#define NERR_NotPrimary           2226
#define NERR_ACFNotLoaded         2227
#define NERR_ACFNoRoom            2228
#define NERR_ACFFileIOFail        2229
#define NERR_ACFTooManyLists      2230
#define NERR_UserLogon            2231
#define NERR_ACFNoParent          2232
#define NERR_CanNotGrowSegment    2233
#define NERR_SpeGroupOp           2234
#define NERR_NotInCache           2235
#define NERR_UserInGroup          2236
#define NERR_UserNotInGroup       2237
#define NERR_AccountUndefined     2238
#define NERR_AccountExpired       2239
#define NERR_InvalidWorkstation   2240
#define NERR_InvalidLogonHours    2241
#define NERR_PasswordExpired      2242
#define NERR_PasswordCantChange   2243
#define NERR_PasswordHistConflict 2244
#define NERR_PasswordTooShort     2245
#define NERR_PasswordTooRecent    2246
#define NERR_InvalidDatabase      2247
#define NERR_DatabaseUpToDate     2248
#define NERR_SyncRequired         2249

/* Uses, as NetUseAdd makes them. */
#define NERR_UseNotFound    2250
#define NERR_BadAsgType     2251
#define NERR_DeviceIsShared 2252

/* Messenger and names. */
#define NERR_NoComputerName     2270
#define NERR_MsgAlreadyStarted  2271
#define NERR_MsgInitFailed      2272
#define NERR_NameNotFound       2273
#define NERR_AlreadyForwarded   2274
#define NERR_AddForwarded       2275
#define NERR_AlreadyExists      2276
#define NERR_TooManyNames       2277
#define NERR_DelComputerName    2278
#define NERR_LocalForward       2279
#define NERR_GrpMsgProcessor    2280
#define NERR_PausedRemote       2281
#define NERR_BadReceive         2282
#define NERR_NameInUse          2283
#define NERR_MsgNotStarted      2284
#define NERR_NotLocalName       2285
#define NERR_NoForwardName      2286
#define NERR_RemoteFull         2287
#define NERR_NameNotForwarded   2288
#define NERR_TruncatedBroadcast 2289
#define NERR_InvalidDevice      2294
#define NERR_WriteFault         2295
#define NERR_DuplicateName      2297
#define NERR_DeleteLater        2298
#define NERR_IncompleteDel      2299
#define NERR_MultipleNets       2300

/* Shares, sessions and files of a server. */
#define NERR_NetNameNotFound        2310
#define NERR_DeviceNotShared        2311
#define NERR_ClientNameNotFound     2312
#define NERR_FileIdNotFound         2314
#define NERR_ExecFailure            2315
#define NERR_TmpFile                2316
#define NERR_TooMuchData            2317
#define NERR_DeviceShareConflict    2318
#define NERR_BrowserTableIncomplete 2319
#define NERR_NotLocalDomain         2320
#define NERR_IsDfsShare             2321

/* Communication devices. */
#define NERR_DevInvalidOpCode  2331
#define NERR_DevNotFound       2332
#define NERR_DevNotOpen        2333
#define NERR_BadQueueDevString 2334
#define NERR_BadQueuePriority  2335
#define NERR_NoCommDevs        2337
#define NERR_QueueNotFound     2338
#define NERR_BadDevString      2340
#define NERR_BadDev            2341
#define NERR_InUseBySpooler    2342
#define NERR_CommDevInUse      2343

/* Names and paths given by the caller. */
#define NERR_InvalidComputer 2351
#define NERR_MaxLenExceeded  2354
#define NERR_BadComponent    2356
#define NERR_CantType        2357
#define NERR_TooManyEntries  2362

/* Profiles. */
#define NERR_ProfileFileTooBig 2370
#define NERR_ProfileOffset     2371
#define NERR_ProfileCleanup    2372
#define NERR_ProfileUnknownCmd 2373
#define NERR_ProfileLoadErr    2374
#define NERR_ProfileSaveErr    2375

/* Audit and error logs. */
#define NERR_LogOverflow    2377
#define NERR_LogFileChanged 2378
#define NERR_LogFileCorrupt 2379

/* Copying, running, stopping. */
#define NERR_SourceIsDir       2380
#define NERR_BadSource         2381
#define NERR_BadDest           2382
#define NERR_DifferentServers  2383
#define NERR_RunSrvPaused      2385
#define NERR_ErrCommRunSrv     2389
#define NERR_ErrorExecingGhost 2391
#define NERR_ShareNotFound     2392
#define NERR_InvalidLana       2400
#define NERR_OpenFiles         2401
#define NERR_ActiveConns       2402
#define NERR_BadPasswordCore   2403
#define NERR_DevInUse          2404
#define NERR_LocalDrive        2405

/* Alerts. */
#define NERR_AlertExists       2430
#define NERR_TooManyAlerts     2431
#define NERR_NoSuchAlert       2432
#define NERR_BadRecipient      2433
#define NERR_AcctLimitExceeded 2434
#define NERR_InvalidLogSeek    2440

/* Domain controllers and logon. */
#define NERR_BadUasConfig       2450
#define NERR_InvalidUASOp       2451
#define NERR_LastAdmin          2452
#define NERR_DCNotFound         2453
#define NERR_LogonTrackingError 2454
#define NERR_NetlogonNotStarted 2455
#define NERR_CanNotGrowUASFile  2456
#define NERR_TimeDiffAtDC       2457
#define NERR_PasswordMismatch   2458
#define NERR_NoSuchServer       2460
#define NERR_NoSuchSession      2461
#define NERR_NoSuchConnection   2462
#define NERR_TooManyServers     2463
#define NERR_TooManySessions    2464
#define NERR_TooManyConnections 2465
#define NERR_TooManyFiles       2466
#define NERR_NoAlternateServers 2467
#define NERR_TryDownLevel       2470

/* Uninterruptible power supply. */
#define NERR_UPSDriverNotStarted 2480
#define NERR_UPSInvalidConfig    2481
#define NERR_UPSInvalidCommPort  2482
#define NERR_UPSSignalAsserted   2483
#define NERR_UPSShutdownFailed   2484

/* Remote boot. */
#define NERR_BadDosRetCode      2500
#define NERR_ProgNeedsExtraMem  2501
#define NERR_BadDosFunction     2502
#define NERR_RemoteBootFailed   2503
#define NERR_BadFileCheckSum    2504
#define NERR_NoRplBootSystem    2505
#define NERR_RplLoadrNetBiosErr 2506
#define NERR_RplLoadrDiskErr    2507
#define NERR_ImageParamErr      2508
#define NERR_TooManyImageParams 2509
#define NERR_NonDosFloppyUsed   2510
#define NERR_RplBootRestart     2511
#define NERR_RplSrvrCallFailed  2512
#define NERR_CantConnectRplSrvr 2513
#define NERR_CantOpenImageFile  2514
#define NERR_CallingRplSrvr     2515
#define NERR_StartingRplBoot    2516
#define NERR_RplBootServiceTerm 2517
#define NERR_RplBootStartFailed 2518
#define NERR_RPL_CONNECTED      2519

/* Browser. */
#define NERR_BrowserConfiguredToNotRun 2550

/* Remote boot service. */
#define NERR_RplNoAdaptersStarted      2610
#define NERR_RplBadRegistry            2611
#define NERR_RplBadDatabase            2612
#define NERR_RplRplfilesShare          2613
#define NERR_RplNotRplServer           2614
#define NERR_RplCannotEnum             2615
#define NERR_RplWkstaInfoCorrupted     2616
#define NERR_RplWkstaNotFound          2617
#define NERR_RplWkstaNameUnavailable   2618
#define NERR_RplProfileInfoCorrupted   2619
#define NERR_RplProfileNotFound        2620
#define NERR_RplProfileNameUnavailable 2621
#define NERR_RplProfileNotEmpty        2622
#define NERR_RplConfigInfoCorrupted    2623
#define NERR_RplConfigNotFound         2624
#define NERR_RplAdapterInfoCorrupted   2625
#define NERR_RplInternal               2626
#define NERR_RplVendorInfoCorrupted    2627
#define NERR_RplBootInfoCorrupted      2628
#define NERR_RplWkstaNeedsUserAcct     2629
#define NERR_RplNeedsRPLUSERAcct       2630
#define NERR_RplBootNotFound           2631
#define NERR_RplIncompatibleProfile    2632
#define NERR_RplAdapterNameUnavailable 2633
#define NERR_RplConfigNotEmpty         2634
#define NERR_RplBootInUse              2635
#define NERR_RplBackupDatabase         2636
#define NERR_RplAdapterNotFound        2637
#define NERR_RplVendorNotFound         2638
#define NERR_RplVendorNameUnavailable  2639
#define NERR_RplBootNameUnavailable    2640
#define NERR_RplConfigNameUnavailable  2641

/* Distributed file system. */
#define NERR_DfsInternalCorruption        2660
#define NERR_DfsVolumeDataCorrupt         2661
#define NERR_DfsNoSuchVolume              2662
#define NERR_DfsVolumeAlreadyExists       2663
#define NERR_DfsAlreadyShared             2664
#define NERR_DfsNoSuchShare               2665
#define NERR_DfsNotALeafVolume            2666
#define NERR_DfsLeafVolume                2667
#define NERR_DfsVolumeHasMultipleServers  2668
#define NERR_DfsCantCreateJunctionPoint   2669
#define NERR_DfsServerNotDfsAware         2670
#define NERR_DfsBadRenamePath             2671
#define NERR_DfsVolumeIsOffline           2672
#define NERR_DfsNoSuchServer              2673
#define NERR_DfsCyclicalName              2674
#define NERR_DfsNotSupportedInServerDfs   2675
#define NERR_DfsDuplicateService          2676
#define NERR_DfsCantRemoveLastServerShare 2677
#define NERR_DfsVolumeIsInterDfs          2678
#define NERR_DfsInconsistent              2679
#define NERR_DfsServerUpgraded            2680
#define NERR_DfsDataIsIdentical           2681
#define NERR_DfsCantRemoveDfsRoot         2682
#define NERR_DfsChildOrParentInDfs        2683
#define NERR_DfsInternalError             2690

/* Joining and leaving a domain. */
#define NERR_SetupAlreadyJoined           2691
#define NERR_SetupNotJoined               2692
#define NERR_SetupDomainController        2693
#define NERR_DefaultJoinRequired          2694
#define NERR_InvalidWorkgroupName         2695
#define NERR_NameUsesIncompatibleCodePage 2696
#define NERR_ComputerAccountNotFound      2697
#define NERR_PersonalSku                  2698

/* Passwords, as NetUserChangePassword and the validation of policies report them. */
#define NERR_PasswordMustChange       2701
#define NERR_AccountLockedOut         2702
#define NERR_PasswordTooLong          2703
#define NERR_PasswordNotComplexEnough 2704
#define NERR_PasswordFilterError      2705

/* Last number of the range. */
#define MAX_NERR 2999

/* Offline join and renaming. */
#define NERR_NoOfflineJoinInfo           2709
#define NERR_BadOfflineJoinInfo          2710
#define NERR_CantCreateJoinInfo          2711
#define NERR_BadDomainJoinInfo           2712
#define NERR_JoinPerformedMustRestart    2713
#define NERR_NoJoinPending               2714
#define NERR_ValuesNotSet                2715
#define NERR_CantVerifyHostname          2716
#define NERR_CantLoadOfflineHive         2717
#define NERR_ConnectionInsecure          2718
#define NERR_ProvisioningBlobUnsupported 2719
#define NERR_DS8DCRequired               2720
#define NERR_LDAPCapableDCRequired       2721
#define NERR_DS8DCNotFound               2722
#define NERR_TargetVersionUnsupported    2723
#define NERR_InvalidMachineNameForJoin   2724
#define NERR_DS9DCNotFound               2725
#define NERR_PlainTextSecretsRequired    2726
#define NERR_CannotUnjoinAadDomain       2727
#define NERR_CannotUpdateAadHostName     2728
#define NERR_DuplicateHostName           2729
#define NERR_HostNameTooLong             2730
#define NERR_TooManyHostNames            2731
#define NERR_AccountReuseBlockedByPolicy 2732

#endif
