package hotel.engine.access;

import java.util.Set;
import org.operaton.bpm.engine.impl.cmd.AbstractWritableIdentityServiceCmd;
import org.operaton.bpm.engine.impl.cmd.DeleteAuthorizationCmd;
import org.operaton.bpm.engine.impl.cmd.DeleteDeploymentCmd;
import org.operaton.bpm.engine.impl.cmd.SaveAuthorizationCmd;
import org.operaton.bpm.engine.impl.interceptor.Command;
import org.operaton.bpm.engine.impl.interceptor.CommandInterceptor;

/** Forgets what is known of users and rights when a command of this engine has changed them. */
class AccessChanges extends CommandInterceptor {

    /** Besides all that write users, groups, tenants and memberships. */
    private static final Set<Class<?>> OF_RIGHTS =
            Set.of(SaveAuthorizationCmd.class, DeleteAuthorizationCmd.class, DeleteDeploymentCmd.class);

    private final AccessMemory memory;

    AccessChanges(AccessMemory memory) {
        this.memory = memory;
    }

    @Override
    public <T> T execute(Command<T> command) {
        try {
            return next.execute(command);
        } finally {
            // The transaction is over here, one way or the other.
            if (command instanceof AbstractWritableIdentityServiceCmd || OF_RIGHTS.contains(command.getClass())) {
                memory.forget();
            }
        }
    }
}
