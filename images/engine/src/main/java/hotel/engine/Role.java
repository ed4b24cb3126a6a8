package hotel.engine;

import static org.operaton.bpm.engine.authorization.Authorization.ANY;
import static org.operaton.bpm.engine.authorization.Permissions.ALL;
import static org.operaton.bpm.engine.authorization.Permissions.CREATE;
import static org.operaton.bpm.engine.authorization.Permissions.READ;
import static org.operaton.bpm.engine.authorization.ProcessDefinitionPermissions.CREATE_INSTANCE;
import static org.operaton.bpm.engine.authorization.ProcessDefinitionPermissions.READ_HISTORY;
import static org.operaton.bpm.engine.authorization.ProcessDefinitionPermissions.READ_HISTORY_VARIABLE;
import static org.operaton.bpm.engine.authorization.ProcessDefinitionPermissions.READ_INSTANCE;
import static org.operaton.bpm.engine.authorization.ProcessDefinitionPermissions.READ_INSTANCE_VARIABLE;
import static org.operaton.bpm.engine.authorization.ProcessDefinitionPermissions.RETRY_JOB;
import static org.operaton.bpm.engine.authorization.ProcessDefinitionPermissions.SUSPEND_INSTANCE;
import static org.operaton.bpm.engine.authorization.ProcessDefinitionPermissions.UPDATE_INSTANCE;
import static org.operaton.bpm.engine.authorization.Resources.DECISION_DEFINITION;
import static org.operaton.bpm.engine.authorization.Resources.DECISION_REQUIREMENTS_DEFINITION;
import static org.operaton.bpm.engine.authorization.Resources.DEPLOYMENT;
import static org.operaton.bpm.engine.authorization.Resources.PROCESS_DEFINITION;
import static org.operaton.bpm.engine.authorization.Resources.PROCESS_INSTANCE;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.operaton.bpm.engine.authorization.Permission;
import org.operaton.bpm.engine.authorization.ProcessDefinitionPermissions;
import org.operaton.bpm.engine.authorization.Resource;
import org.operaton.bpm.engine.authorization.Resources;

/** Who uses the engine, and what each may do there. */
enum Role {
    ADMIN, DEPLOYER, WORKER, SCALER, CLIENT;

    /** Permissions on one resource, or on all of its type. */
    record Grant(Resource resource, String id, Permission... permissions) {}

    String id() {
        return name().toLowerCase();
    }

    List<Grant> grants(EngineSettings settings) {
        return switch (this) {
            case ADMIN -> Arrays.stream(Resources.values()).map(each -> new Grant(each, ANY, ALL)).toList();
            case DEPLOYER -> List.of(
                    new Grant(DEPLOYMENT, ANY, CREATE, READ),
                    new Grant(PROCESS_DEFINITION, ANY, ProcessDefinitionPermissions.READ),
                    new Grant(DECISION_DEFINITION, ANY, READ),
                    new Grant(DECISION_REQUIREMENTS_DEFINITION, ANY, READ));
            case WORKER -> onDefinitions(settings, READ_INSTANCE, READ_INSTANCE_VARIABLE, UPDATE_INSTANCE).toList();
            case SCALER -> settings.scalerUnlock()
                    ? onDefinitions(settings, READ_INSTANCE, UPDATE_INSTANCE).toList()
                    : onDefinitions(settings, READ_INSTANCE).toList();
            case CLIENT -> Stream.concat(
                    Stream.of(new Grant(PROCESS_INSTANCE, ANY, CREATE), new Grant(DEPLOYMENT, ANY, READ)),
                    onDefinitions(settings, ProcessDefinitionPermissions.READ, CREATE_INSTANCE, READ_INSTANCE,
                            READ_INSTANCE_VARIABLE, UPDATE_INSTANCE, SUSPEND_INSTANCE, RETRY_JOB, READ_HISTORY,
                            READ_HISTORY_VARIABLE)).toList();
        };
    }

    private static Stream<Grant> onDefinitions(EngineSettings settings, Permission... permissions) {
        return settings.processDefinitions().stream().map(key -> new Grant(PROCESS_DEFINITION, key, permissions));
    }
}
