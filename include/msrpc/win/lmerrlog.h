// SPDX-License-Identifier: Apache-2.0
/* Error log and its messages. */
#ifndef TERN_WIN_LMERRLOG_H
#define TERN_WIN_LMERRLOG_H

#include "lmcons.h"

/* Direction in which a log is read. */
#define LOGFLAGS_FORWARD  0
#define LOGFLAGS_BACKWARD 1
#define LOGFLAGS_SEEK     2

/* Messages of the server, workstation and services. */
#define ERRLOG_BASE                    3100
#define NELOG_Internal_Error           3100
#define NELOG_Resource_Shortage        3101
#define NELOG_Unable_To_Lock_Segment   3102
#define NELOG_Unable_To_Unlock_Segment 3103
#define NELOG_Uninstall_Service        3104
#define NELOG_Init_Exec_Fail           3105
#define NELOG_Ncb_Error                3106
#define NELOG_Net_Not_Started          3107
#define NELOG_Ioctl_Error              3108
#define NELOG_System_Semaphore         3109
#define NELOG_Init_OpenCreate_Err      3110
#define NELOG_NetBios                  3111
#define NELOG_SMB_Illegal              3112
#define NELOG_Service_Fail             3113
#define NELOG_Entries_Lost             3114
#define NELOG_Init_Seg_Overflow        3120
#define NELOG_Srv_No_Mem_Grow          3121
#define NELOG_Access_File_Bad          3122
#define NELOG_Srvnet_Not_Started       3123
#define NELOG_Init_Chardev_Err         3124
#define NELOG_Remote_API               3125
#define NELOG_Ncb_TooManyErr           3126
#define NELOG_Mailslot_err             3127
#define NELOG_ReleaseMem_Alert         3128
#define NELOG_AT_cannot_write          3129
#define NELOG_Cant_Make_Msg_File       3130
#define NELOG_Exec_Netservr_NoMem      3131
#define NELOG_Server_Lock_Failure      3132

/* Messenger. */
#define NELOG_Msg_Shutdown            3140
#define NELOG_Msg_Sem_Shutdown        3141
#define NELOG_Msg_Log_Err             3150
#define NELOG_VIO_POPUP_ERR           3151
#define NELOG_Msg_Unexpected_SMB_Type 3152

/* Workstation. */
#define NELOG_Wksta_Infoseg           3160
#define NELOG_Wksta_Compname          3161
#define NELOG_Wksta_BiosThreadFailure 3162
#define NELOG_Wksta_IniSeg            3163
#define NELOG_Wksta_HostTab_Full      3164
#define NELOG_Wksta_Bad_Mailslot_SMB  3165
#define NELOG_Wksta_UASInit           3166
#define NELOG_Wksta_SSIRelogon        3167

/* Names, schedules and disks. */
#define NELOG_Build_Name               3170
#define NELOG_Name_Expansion           3171
#define NELOG_Message_Send             3172
#define NELOG_Mail_Slt_Err             3173
#define NELOG_AT_cannot_read           3174
#define NELOG_AT_sched_err             3175
#define NELOG_AT_schedule_file_created 3176
#define NELOG_Srvnet_NB_Open           3177
#define NELOG_AT_Exec_Err              3178
#define NELOG_Lazy_Write_Err           3180
#define NELOG_HotFix                   3181
#define NELOG_HardErr_From_Server      3182
#define NELOG_LocalSecFail1            3183
#define NELOG_LocalSecFail2            3184
#define NELOG_LocalSecFail3            3185
#define NELOG_LocalSecGeneralFail      3186

/* Redirector. */
#define NELOG_NetWkSta_Internal_Error   3190
#define NELOG_NetWkSta_No_Resource      3191
#define NELOG_NetWkSta_SMB_Err          3192
#define NELOG_NetWkSta_VC_Err           3193
#define NELOG_NetWkSta_Stuck_VC_Err     3194
#define NELOG_NetWkSta_NCB_Err          3195
#define NELOG_NetWkSta_Write_Behind_Err 3196
#define NELOG_NetWkSta_Reset_Err        3197
#define NELOG_NetWkSta_Too_Many         3198

/* Server, replicator and netlogon. */
#define NELOG_Srv_Thread_Failure             3204
#define NELOG_Srv_Close_Failure              3205
#define NELOG_ReplUserCurDir                 3206
#define NELOG_ReplCannotMasterDir            3207
#define NELOG_ReplUpdateError                3208
#define NELOG_ReplLostMaster                 3209
#define NELOG_NetlogonAuthDCFail             3210
#define NELOG_ReplLogonFailed                3211
#define NELOG_ReplNetErr                     3212
#define NELOG_ReplMaxFiles                   3213
#define NELOG_ReplMaxTreeDepth               3214
#define NELOG_ReplBadMsg                     3215
#define NELOG_ReplSysErr                     3216
#define NELOG_ReplUserLoged                  3217
#define NELOG_ReplBadImport                  3218
#define NELOG_ReplBadExport                  3219
#define NELOG_ReplSignalFileErr              3220
#define NELOG_DiskFT                         3221
#define NELOG_ReplAccessDenied               3222
#define NELOG_NetlogonFailedPrimary          3223
#define NELOG_NetlogonPasswdSetFailed        3224
#define NELOG_NetlogonTrackingError          3225
#define NELOG_NetlogonSyncError              3226
#define NELOG_NetlogonRequireSignOrSealError 3227

/* Uninterruptible power supply. */
#define NELOG_UPS_PowerOut         3230
#define NELOG_UPS_Shutdown         3231
#define NELOG_UPS_CmdFileError     3232
#define NELOG_UPS_CannotOpenDriver 3233
#define NELOG_UPS_PowerBack        3234
#define NELOG_UPS_CmdFileConfig    3235
#define NELOG_UPS_CmdFileExec      3236

/* Configuration, and joining. */
#define NELOG_Missing_Parameter     3250
#define NELOG_Invalid_Config_Line   3251
#define NELOG_Invalid_Config_File   3252
#define NELOG_File_Changed          3253
#define NELOG_Files_Dont_Fit        3254
#define NELOG_Wrong_DLL_Version     3255
#define NELOG_Error_in_DLL          3256
#define NELOG_System_Error          3257
#define NELOG_FT_ErrLog_Too_Large   3258
#define NELOG_FT_Update_In_Progress 3259
#define NELOG_Joined_Domain         3260
#define NELOG_Joined_Workgroup      3261

/* Messages of other makers. */
#define NELOG_OEM_Code 3299

/* Second range: netlogon. */
#define ERRLOG2_BASE                              5700
#define NELOG_NetlogonSSIInitError                5700
#define NELOG_NetlogonFailedToUpdateTrustList     5701
#define NELOG_NetlogonFailedToAddRpcInterface     5702
#define NELOG_NetlogonFailedToReadMailslot        5703
#define NELOG_NetlogonFailedToRegisterSC          5704
#define NELOG_NetlogonChangeLogCorrupt            5705
#define NELOG_NetlogonFailedToCreateShare         5706
#define NELOG_NetlogonDownLevelLogonFailed        5707
#define NELOG_NetlogonDownLevelLogoffFailed       5708
#define NELOG_NetlogonNTLogonFailed               5709
#define NELOG_NetlogonNTLogoffFailed              5710
#define NELOG_NetlogonPartialSyncCallSuccess      5711
#define NELOG_NetlogonPartialSyncCallFailed       5712
#define NELOG_NetlogonFullSyncCallSuccess         5713
#define NELOG_NetlogonFullSyncCallFailed          5714
#define NELOG_NetlogonPartialSyncSuccess          5715
#define NELOG_NetlogonPartialSyncFailed           5716
#define NELOG_NetlogonFullSyncSuccess             5717
#define NELOG_NetlogonFullSyncFailed              5718
#define NELOG_NetlogonAuthNoDomainController      5719
#define NELOG_NetlogonAuthNoTrustLsaSecret        5720
#define NELOG_NetlogonAuthNoTrustSamAccount       5721
#define NELOG_NetlogonServerAuthFailed            5722
#define NELOG_NetlogonServerAuthNoTrustSamAccount 5723
#define NELOG_FailedToRegisterSC                  5724
#define NELOG_FailedToSetServiceStatus            5725
#define NELOG_FailedToGetComputerName             5726
#define NELOG_DriverNotLoaded                     5727
#define NELOG_NoTranportLoaded                    5728
#define NELOG_NetlogonFailedDomainDelta           5729
#define NELOG_NetlogonFailedGlobalGroupDelta      5730
#define NELOG_NetlogonFailedLocalGroupDelta       5731
#define NELOG_NetlogonFailedUserDelta             5732
#define NELOG_NetlogonFailedPolicyDelta           5733
#define NELOG_NetlogonFailedTrustedDomainDelta    5734
#define NELOG_NetlogonFailedAccountDelta          5735
#define NELOG_NetlogonFailedSecretDelta           5736
#define NELOG_NetlogonSystemError                 5737
#define NELOG_NetlogonDuplicateMachineAccounts    5738
#define NELOG_NetlogonTooManyGlobalGroups         5739
#define NELOG_NetlogonBrowserDriver               5740
#define NELOG_NetlogonAddNameFailure              5741

/* Remote boot. */
#define NELOG_RplMessages               5742
#define NELOG_RplXnsBoot                5743
#define NELOG_RplSystem                 5744
#define NELOG_RplWkstaTimeout           5745
#define NELOG_RplWkstaFileOpen          5746
#define NELOG_RplWkstaFileRead          5747
#define NELOG_RplWkstaMemory            5748
#define NELOG_RplWkstaFileChecksum      5749
#define NELOG_RplWkstaFileLineCount     5750
#define NELOG_RplWkstaBbcFile           5751
#define NELOG_RplWkstaFileSize          5752
#define NELOG_RplWkstaInternal          5753
#define NELOG_RplWkstaWrongVersion      5754
#define NELOG_RplWkstaNetwork           5755
#define NELOG_RplAdapterResource        5756
#define NELOG_RplFileCopy               5757
#define NELOG_RplFileDelete             5758
#define NELOG_RplFilePerms              5759
#define NELOG_RplCheckConfigs           5760
#define NELOG_RplCreateProfiles         5761
#define NELOG_RplRegistry               5762
#define NELOG_RplReplaceRPLDISK         5763
#define NELOG_RplCheckSecurity          5764
#define NELOG_RplBackupDatabase         5765
#define NELOG_RplInitDatabase           5766
#define NELOG_RplRestoreDatabaseFailure 5767
#define NELOG_RplRestoreDatabaseSuccess 5768
#define NELOG_RplInitRestoredDatabase   5769

/* Netlogon again: names, sites, DNS registration. */
#define NELOG_NetlogonSessionTypeWrong                      5770
#define NELOG_RplUpgradeDBTo40                              5771
#define NELOG_NetlogonLanmanBdcsNotAllowed                  5772
#define NELOG_NetlogonNoDynamicDns                          5773
#define NELOG_NetlogonDynamicDnsRegisterFailure             5774
#define NELOG_NetlogonDynamicDnsDeregisterFailure           5775
#define NELOG_NetlogonFailedFileCreate                      5776
#define NELOG_NetlogonGetSubnetToSite                       5777
#define NELOG_NetlogonNoSiteForClient                       5778
#define NELOG_NetlogonBadSiteName                           5779
#define NELOG_NetlogonBadSubnetName                         5780
#define NELOG_NetlogonDynamicDnsServerFailure               5781
#define NELOG_NetlogonDynamicDnsFailure                     5782
#define NELOG_NetlogonRpcCallCancelled                      5783
#define NELOG_NetlogonDcSiteCovered                         5784
#define NELOG_NetlogonDcSiteNotCovered                      5785
#define NELOG_NetlogonGcSiteCovered                         5786
#define NELOG_NetlogonGcSiteNotCovered                      5787
#define NELOG_NetlogonFailedSpnUpdate                       5788
#define NELOG_NetlogonFailedDnsHostNameUpdate               5789
#define NELOG_NetlogonAuthNoUplevelDomainController         5790
#define NELOG_NetlogonAuthDomainDowngraded                  5791
#define NELOG_NetlogonNdncSiteCovered                       5792
#define NELOG_NetlogonNdncSiteNotCovered                    5793
#define NELOG_NetlogonDcOldSiteCovered                      5794
#define NELOG_NetlogonDcSiteNotCoveredAuto                  5795
#define NELOG_NetlogonGcOldSiteCovered                      5796
#define NELOG_NetlogonGcSiteNotCoveredAuto                  5797
#define NELOG_NetlogonNdncOldSiteCovered                    5798
#define NELOG_NetlogonNdncSiteNotCoveredAuto                5799
#define NELOG_NetlogonSpnMultipleSamAccountNames            5800
#define NELOG_NetlogonSpnCrackNamesFailure                  5801
#define NELOG_NetlogonNoAddressToSiteMapping                5802
#define NELOG_NetlogonInvalidGenericParameterValue          5803
#define NELOG_NetlogonInvalidDwordParameterValue            5804
#define NELOG_NetlogonServerAuthFailedNoAccount             5805
#define NELOG_NetlogonNoDynamicDnsManual                    5806
#define NELOG_NetlogonNoSiteForClients                      5807
#define NELOG_NetlogonDnsDeregAborted                       5808
#define NELOG_NetlogonRpcPortRequestFailure                 5809
#define NELOG_NetlogonPartialSiteMappingForClients          5810U
#define NELOG_NetlogonRemoteDynamicDnsRegisterFailure       5811U
#define NELOG_NetlogonRemoteDynamicDnsDeregisterFailure     5812U
#define NELOG_NetlogonRejectedRemoteDynamicDnsRegister      5813U
#define NELOG_NetlogonRejectedRemoteDynamicDnsDeregister    5814U
#define NELOG_NetlogonRemoteDynamicDnsUpdateRequestFailure  5815U
#define NELOG_NetlogonUserValidationReqInitialTimeOut       5816U
#define NELOG_NetlogonUserValidationReqRecurringTimeOut     5817U
#define NELOG_NetlogonUserValidationReqWaitInitialWarning   5818U
#define NELOG_NetlogonUserValidationReqWaitRecurringWarning 5819U
#define NELOG_NetlogonFailedToAddAuthzRpcInterface          5820U
#define NELOG_NetLogonFailedToInitializeAuthzRm             5821U
#define NELOG_NetLogonFailedToInitializeRPCSD               5822U
#define NELOG_NetlogonMachinePasswdSetSucceeded             5823U
#define NELOG_NetlogonMsaPasswdSetSucceeded                 5824U

#ifdef __cplusplus
extern "C" {
#endif

/* Place in a log. */
typedef struct _HLOG {
    DWORD time;
    DWORD last_flags;
    DWORD offset;
    DWORD rec_offset;
} HLOG, *PHLOG, *LPHLOG;

/* An entry of the error log. */
typedef struct _ERROR_LOG {
    DWORD el_len;
    DWORD el_reserved;
    DWORD el_time;
    DWORD el_error;
    LPWSTR el_name;
    LPWSTR el_text;
    LPBYTE el_data;
    DWORD el_data_size;
    DWORD el_nstrings;
} ERROR_LOG, *PERROR_LOG, *LPERROR_LOG;

#ifdef __cplusplus
}
#endif

#endif
